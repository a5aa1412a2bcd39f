"""What the stream knows of a device, for a page of it: asked for once in a while, and waited for for a moment."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import msgspec

from gateway.http.admission import AdmissionLimit
from gateway.http.errors import RequestError
from gateway.privacy.answers import DONE, NOBODY, Answers
from gateway.privacy.parts import Parts
from gateway.privacy.request_ids import RequestIds
from gateway.privacy.submission import DEVICE, PAGE, PrivacyRequest, Submission
from gateway.privacy.visit import Visit

WAIT_S: Final = 3.0
MAX_WAITING: Final = 64
MAX_REMEMBERED: Final = 2_000
Data = TypeVar("Data")


class Found(msgspec.Struct, Generic[Data], frozen=True):
    """``data`` is None for nothing; ``waits``: the answer has not come yet."""

    data: Data | None = None
    waits: bool = False
    failed: bool = False


class OwnData(Generic[Data]):
    """The requests of one action for a device's data. Their ids follow from device and time, so a device has one at a
    time, whichever gateway it asks.

    :param again_after_us: so long an answer is shown again.
    :param read: reads the data of an answer. :raises msgspec.MsgspecError: it is none.
    """

    def __init__(
        self,
        action: str,
        again_after_us: int,
        read: Callable[[bytes], Data],
        submission: Submission,
        answers: Answers,
        parts: Parts,
        ids: RequestIds,
    ) -> None:
        self._action = action
        self._again_after_us = again_after_us
        self._read = read
        self._submission = submission
        self._answers = answers
        self._parts = parts
        self._ids = ids
        self._waiting = AdmissionLimit(MAX_WAITING)
        self._remembered: OrderedDict[str, Data] = OrderedDict()

    async def of(self, visit: Visit) -> Found[Data]:
        """What is known of the device of a visit."""
        try:
            self._parts.check_key()
            request_id = self._latest(visit) or await self._ask(visit)
            if self._waiting.full:
                return Found(waits=True)
            with self._waiting:
                answer = await self._answers.wait(request_id, WAIT_S)
            if answer is None or not answer.is_final:
                return Found(waits=True)
            if answer.status == NOBODY or (answer.status == DONE and not answer.parts):
                return Found()
            if answer.status != DONE:
                return Found(failed=True)
            return await self._data(request_id)
        except (RequestError, msgspec.MsgspecError):
            return Found(failed=True)

    def _latest(self, visit: Visit) -> str | None:
        """The request of this time or the one before, where its answer may be shown (still, or once it comes)."""
        for back in (0, 1):
            request_id = self._id(visit, back)
            answer = self._answers.get(request_id)
            if answer is not None and visit.now - answer.at < self._again_after_us:
                return request_id
        return None

    def _id(self, visit: Visit, back: int) -> str:
        time = visit.now // self._again_after_us - back
        return self._ids.of(f"{self._action}\0{visit.identifiers[0]}\0{time}", visit.owner)

    async def _ask(self, visit: Visit) -> str:
        """:raises RequestError: Kafka does not take the request."""
        request = PrivacyRequest(self._id(visit, 0), self._action, DEVICE, visit.identifiers, PAGE, visit.now)
        await self._submission.submit(request)
        return request.request_id

    async def _data(self, request_id: str) -> Found[Data]:
        known = self._remembered.get(request_id)
        if known is not None:
            return Found(known)
        positions = self._answers.positions(request_id)
        if positions is None:
            return Found(waits=True)
        self._remembered[request_id] = data = self._read(await self._parts.whole(positions, request_id))
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return Found(data)
