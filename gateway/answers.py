"""The stream's answers: this gateway's own partition of scan-routed, read without a group from its end."""

import asyncio
import logging

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from gateway.tail import Tail
from schemas.codec import Codec, Undecodable
from schemas.events import ScanRouted
from schemas.topics import SCAN_ROUTED

log = logging.getLogger(__name__)

RETRY_AFTER_S = 0.25
POSITION_TIMEOUT_S = 5.0
Answer = asyncio.Future[ScanRouted]


class Answers:
    """Who waits for which scan. ``positioned`` says that an answer written from now on will be seen."""

    def __init__(self, bootstrap: str, partition: int, codec: Codec) -> None:
        self._bootstrap = bootstrap
        self._codec = codec.of(SCAN_ROUTED)
        self._waiting: dict[str, Answer] = {}
        self.partition = partition
        self.positioned = False

    def expect(self, scan_event_id: str) -> Answer:
        """The answer to a scan that is published from now on; to be forgotten by whoever expects it."""
        answer: Answer = asyncio.get_running_loop().create_future()
        self._waiting[scan_event_id] = answer
        return answer

    def forget(self, scan_event_id: str) -> None:
        """Nobody waits for the answer any more."""
        del self._waiting[scan_event_id]

    async def run(self) -> None:
        """Until cancelled; a lost broker is waited for."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError) as error:
                log.warning("partition %d cannot be read: %s", self.partition, type(error).__name__)
            self.positioned = False
            await asyncio.sleep(RETRY_AFTER_S)

    async def _read(self) -> None:
        tail = Tail(self._bootstrap, TopicPartition(SCAN_ROUTED.name, self.partition))
        try:
            async with asyncio.timeout(POSITION_TIMEOUT_S):
                await tail.start()
            self.positioned = True
            while True:
                for key, value in await tail.read():
                    self._take(key, value)
        finally:
            await tail.close()

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        # The key is the scan's id: answers to other gateways on the partition are passed over undecoded.
        answer = self._waiting.get((key or b"").decode(errors="replace"))
        if answer is None or answer.done():
            return
        try:
            answer.set_result(self._codec.decode(value))
        except Undecodable as error:
            log.warning("an answer cannot be decoded: %s", error.reason)
