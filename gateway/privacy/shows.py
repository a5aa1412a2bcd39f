"""What is known of a device, as its page shows it: asked for once a minute at most, and waited for for a moment."""

from collections import OrderedDict
from typing import Final

import msgspec

from gateway.http.admission import AdmissionLimit
from gateway.http.errors import RequestError
from gateway.privacy.answers import DONE, NOBODY, SHOW, Answers
from gateway.privacy.device_view import Summary, read_shown
from gateway.privacy.parts import Parts
from gateway.privacy.request_ids import RequestIds
from gateway.privacy.submission import DEVICE, PAGE, PrivacyRequest, Submission
from gateway.privacy.visit import Visit
from schemas.consent.choices import NOTHING_SAID, Consents

WAIT_S: Final = 3.0
AGAIN_AFTER_US: Final = 60_000_000
"""So long an answer is shown again."""
MAX_WAITING: Final = 64
MAX_REMEMBERED: Final = 2_000


class Shown(msgspec.Struct, frozen=True):
    """``summary`` is None for nothing; ``waits``: the answer has not come yet."""

    summary: Summary | None = None
    said: Consents = NOTHING_SAID
    waits: bool = False
    failed: bool = False


class Shows:
    """The requests to show a device's data. Their ids follow from device and minute, so a device has one at a time,
    whichever gateway it asks."""

    def __init__(self, submission: Submission, answers: Answers, parts: Parts, ids: RequestIds) -> None:
        self._submission = submission
        self._answers = answers
        self._parts = parts
        self._ids = ids
        self._waiting = AdmissionLimit(MAX_WAITING)
        self._read: OrderedDict[str, Shown] = OrderedDict()

    async def of(self, visit: Visit) -> Shown:
        """What is known of the device of a visit."""
        try:
            self._parts.check_key()
            request_id = self._latest(visit) or await self._ask(visit)
            if self._waiting.full:
                return Shown(waits=True)
            with self._waiting:
                answer = await self._answers.wait(request_id, WAIT_S)
            if answer is None or not answer.is_final:
                return Shown(waits=True)
            if answer.status == NOBODY or (answer.status == DONE and not answer.parts):
                return Shown()
            if answer.status != DONE:
                return Shown(failed=True)
            return await self._shown(request_id)
        except (RequestError, msgspec.MsgspecError):
            return Shown(failed=True)

    def _latest(self, visit: Visit) -> str | None:
        """The request of this minute or the one before, where its answer may be shown (still, or once it comes)."""
        for back in (0, 1):
            request_id = self._id(visit, back)
            answer = self._answers.get(request_id)
            if answer is not None and visit.now - answer.at < AGAIN_AFTER_US:
                return request_id
        return None

    def _id(self, visit: Visit, back: int) -> str:
        return self._ids.of(f"show\0{visit.identifier}\0{visit.now // AGAIN_AFTER_US - back}", visit.owner)

    async def _ask(self, visit: Visit) -> str:
        """:raises RequestError: Kafka does not take the request."""
        request = PrivacyRequest(self._id(visit, 0), SHOW, DEVICE, (visit.identifier,), PAGE, visit.now)
        await self._submission.submit(request)
        return request.request_id

    async def _shown(self, request_id: str) -> Shown:
        known = self._read.get(request_id)
        if known is not None:
            return known
        positions = self._answers.positions(request_id)
        if positions is None:
            return Shown(waits=True)
        summary, said = read_shown(await self._parts.whole(positions, request_id))
        self._read[request_id] = shown = Shown(summary, said)
        if len(self._read) > MAX_REMEMBERED:
            self._read.popitem(last=False)
        return shown
