"""The stream's answers: this gateway's own partition of scan-routed, read without a group from its end."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.codec import Codec, Undecodable
from schemas.events import ScanRouted
from schemas.topics import SCAN_ROUTED

log = logging.getLogger(__name__)

RETRY_AFTER_S = 0.5
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

    @contextmanager
    def expect(self, scan_event_id: str) -> Iterator[Answer]:
        """The answer to a scan that is published inside the block; it is forgotten at its end."""
        answer: Answer = asyncio.get_running_loop().create_future()
        self._waiting[scan_event_id] = answer
        try:
            yield answer
        finally:
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
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, group_id=None, enable_auto_commit=False)
        try:
            await consumer.start()
            here = TopicPartition(SCAN_ROUTED.name, self.partition)
            consumer.assign([here])
            async with asyncio.timeout(POSITION_TIMEOUT_S):
                await consumer.seek_to_end(here)
                await consumer.position(here)
            self.positioned = True
            while True:
                for records in (await consumer.getmany(here, timeout_ms=1000)).values():
                    for record in records:
                        self._take(record.key, record.value)
        finally:
            await consumer.stop()

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        # The key is the scan's id: answers to other gateways on the partition are passed over undecoded.
        answer = self._waiting.get((key or b"").decode(errors="replace"))
        if answer is None or answer.done():
            return
        try:
            answer.set_result(self._codec.decode(value))
        except Undecodable as error:
            log.warning("an answer cannot be decoded: %s", error.reason)
