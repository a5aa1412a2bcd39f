"""How far requests about data have come, from privacy-answered: read from its beginning, and followed.

Of every request its status stays in memory, and of data that answers it the positions of its parts on the topic, not
the data (gateway/privacy/parts.py reads that when somebody asks).
"""

import asyncio
import logging
import time
from collections import OrderedDict
from contextlib import suppress
from typing import Any, Final

import msgspec
from aiokafka.errors import KafkaError

from schemas.codec.avro import Codec
from schemas.events import PrivacyAnswered
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import CompactedReader
from schemas.topics import PRIVACY_ANSWERED

log = logging.getLogger(__name__)
RETRY_AFTER_S = 0.5
SHOW: Final = "show"
PROFILE: Final = "profile"
ME: Final = "me"
EXPORT: Final = "export"
ERASE: Final = "erase"
CONSENT: Final = "consent"
WORKING: Final = "working"
DONE: Final = "done"
NOBODY: Final = "nobody"
FINAL: Final = frozenset((DONE, NOBODY, "failed"))
MAX_SHOWS: Final = 20_000
"""Of requests to look at data, of which there are many and none is a receipt, the latest are kept."""
UNKNOWN: Final = "unknown"
"""Member of ``detail`` that the gateway writes: identifiers of types that the brand does not know."""
CONTENT: Final = "content"
"""Member of ``detail`` that the gateway writes: a keyed hash of what was asked for."""

Position = tuple[int, int]
"""Partition and offset."""
_decode: Any = msgspec.json.Decoder(dict[str, Any]).decode


class Answer(msgspec.Struct, frozen=True):
    """What is known of a request. ``at`` is the time of its status in microseconds; ``receipt`` what the status says
    beside that; ``unknown`` are the types that the brand does not know; ``parts`` how many parts of data there are."""

    action: str
    status: str
    at: int
    parts: int = 0
    receipt: dict[str, Any] = {}
    unknown: tuple[str, ...] = ()
    content: str = ""

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


class Answers:
    """The requests by their id. ``caught_up``: everything is read that was there at the start."""

    def __init__(self, bootstrap: Kafka, codec: Codec) -> None:
        self._bootstrap = bootstrap
        self._codec = codec
        self._answers: dict[str, Answer] = {}
        self._positions: dict[str, dict[int, Position]] = {}
        self._shows: OrderedDict[str, None] = OrderedDict()
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self.caught_up = False

    def get(self, request_id: str) -> Answer | None:
        return self._answers.get(request_id)

    def positions(self, request_id: str) -> list[Position] | None:
        """Where the parts of an answer's data are, in their order; None where they are not all there."""
        answer, found = self._answers.get(request_id), self._positions.get(request_id, {})
        if answer is None or not answer.parts:
            return None
        numbers = range(1, answer.parts + 1)
        return [found[number] for number in numbers] if all(number in found for number in numbers) else None

    async def wait(self, request_id: str, timeout_s: float) -> Answer | None:
        """What is known of a request once it is answered, its data included, or after so long."""
        deadline_s = time.monotonic() + timeout_s
        while not self._is_complete(request_id) and (left_s := deadline_s - time.monotonic()) > 0:
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting = self._waiting.setdefault(request_id, set())
            waiting.add(changed)
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left_s):
                        await changed
            finally:
                waiting.discard(changed)
                if not waiting:
                    self._waiting.pop(request_id, None)
        return self._answers.get(request_id)

    def apply(self, event: PrivacyAnswered) -> None:
        """A request's status as its topic says it. What is done stays done."""
        known = self._answers.get(event.request_id)
        if known is not None and known.is_final and event.status not in FINAL:
            return
        try:
            detail = _decode(event.detail)
        except msgspec.MsgspecError:
            detail = {}
        stated = detail.pop(UNKNOWN, None)
        unknown = known.unknown if known is not None else ()
        if isinstance(stated, list):
            unknown = tuple(str(one.get("type", "")) for one in stated if isinstance(one, dict))
        content = str(detail.pop(CONTENT, known.content if known is not None else ""))
        self._answers[event.request_id] = Answer(
            event.action, event.status, event.occurred_at, event.parts, detail, unknown, content
        )
        if event.action in (SHOW, PROFILE, ME):
            self._remember_show(event.request_id)
        self._wake(event.request_id)

    def place(self, request_id: str, part: int, position: Position) -> None:
        """Where a part of its data is."""
        self._positions.setdefault(request_id, {})[part] = position
        self._wake(request_id)

    def forget(self, request_id: str, part: int = 0) -> None:
        """A part is not kept any more, or nothing of the request."""
        if not part:
            self._answers.pop(request_id, None)
        elif (found := self._positions.get(request_id)) is not None:
            found.pop(part, None)
            if not found:
                del self._positions[request_id]

    async def run(self) -> None:
        """Reads the topic until cancelled; reconnects when a broker is lost."""
        failed = False
        while True:
            reader = _Reader(self._bootstrap, self._codec, self)
            reading = asyncio.create_task(reader.run())
            caught_up = asyncio.create_task(reader.caught_up.wait())
            try:
                await asyncio.wait({reading, caught_up}, return_when=asyncio.FIRST_COMPLETED)
                self.caught_up = self.caught_up or caught_up.done()
                await reading
            except (KafkaError, OSError) as error:
                if failed:  # once: whoever cannot be reached at all is told so by the check of the deployment
                    log.warning("answers to requests about data cannot be read: %s", type(error).__name__)
                failed = True
            finally:
                reading.cancel()
                caught_up.cancel()
            await asyncio.sleep(RETRY_AFTER_S)

    def _is_complete(self, request_id: str) -> bool:
        answer = self._answers.get(request_id)
        if answer is None or not answer.is_final:
            return False
        return not answer.parts or self.positions(request_id) is not None

    def _remember_show(self, request_id: str) -> None:
        self._shows[request_id] = None
        while len(self._shows) > MAX_SHOWS:
            oldest, _ = self._shows.popitem(last=False)
            self._answers.pop(oldest, None)
            self._positions.pop(oldest, None)

    def _wake(self, request_id: str) -> None:
        for changed in self._waiting.get(request_id, ()):
            if not changed.done():
                changed.set_result(None)


class _Reader(CompactedReader):
    """Reads keys, and the values of those alone that are no part of data."""

    def __init__(self, bootstrap: Kafka, codec: Codec, answers: Answers) -> None:
        super().__init__(bootstrap, PRIVACY_ANSWERED, codec, answers.apply)
        self._answers = answers

    def _take(self, record: Any) -> None:
        request_id, _, part = (record.key or b"").decode(errors="replace").partition("/")
        number = int(part) if part.isascii() and part.isdigit() else 0
        if record.value is None:
            self._answers.forget(request_id, number)
        elif number:
            self._answers.place(request_id, number, (record.partition, record.offset))
        elif not part:
            super()._take(record)
