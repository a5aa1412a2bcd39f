"""Pending replies: requests that wait for the stream, matched with the records of this gateway's reply partition.

The reply partition is one partition of scan-routed for scans, of coupon-answered for tills. It is read without a
consumer group, from its end.
"""

import asyncio
import logging
import time
from contextlib import suppress
from typing import Generic, TypeVar

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from gateway.reply.delays import ScanDelays
from gateway.reply.tail_reader import TailReader
from schemas.codec.avro import Codec, Undecodable
from schemas.events import Event
from schemas.kafka.client_settings import Kafka
from schemas.topics import SCAN_ROUTED, Topic

log = logging.getLogger(__name__)

RETRY_AFTER_S = 0.25
POSITION_TIMEOUT_S = 5.0
R = TypeVar("R", bound=Event)


class PendingReplies(Generic[R]):
    """The replies that are awaited, by the key of their topic, the id of the scan or request. ``positioned``: a reply
    written from now on will be seen."""

    def __init__(self, bootstrap: Kafka, codec: Codec, topic: Topic = SCAN_ROUTED) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._codec = codec.of(topic)
        self._pending: dict[str, tuple[asyncio.Future[R], float]] = {}
        """Each with the time from which it is awaited."""
        self.delays = ScanDelays()
        self.partition = 0
        """Set before :meth:`run`; nobody asks for a reply before that."""
        self.positioned = False
        self._first_positioned = asyncio.Event()

    async def await_position(self, timeout_s: float) -> None:
        """Returns when replies are seen for the first time, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._first_positioned.wait()

    def expect(self, id: str) -> asyncio.Future[R]:
        """The reply to what is published after this call. The caller must call :meth:`forget` at the end."""
        reply: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._pending[id] = reply, time.monotonic()
        return reply

    def forget(self, id: str) -> None:
        """Stops waiting for a reply; one that comes later is ignored."""
        _, began_s = self._pending.pop(id)
        now_s = time.monotonic()
        self.delays.observe(now_s - began_s, now_s)

    async def run(self) -> None:
        """Reads the partition until cancelled; reconnects when a broker is lost."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError) as error:
                log.warning("partition %d cannot be read: %s", self.partition, type(error).__name__)
            self.positioned = False
            await asyncio.sleep(RETRY_AFTER_S)

    async def _read(self) -> None:
        reader = TailReader(self._bootstrap, TopicPartition(self._topic.name, self.partition))
        try:
            async with asyncio.timeout(POSITION_TIMEOUT_S):
                await reader.start()
            self.positioned = True
            self._first_positioned.set()
            while True:
                for key, value in await reader.read():
                    self._resolve(key, value)
        finally:
            await reader.close()

    def _resolve(self, key: bytes | None, value: bytes | None) -> None:
        # The key is the request's id: replies to other gateways that share the partition are skipped undecoded.
        reply, _ = self._pending.get((key or b"").decode(errors="replace"), (None, 0.0))
        if reply is None or reply.done():
            return
        try:
            reply.set_result(self._codec.decode(value))
        except Undecodable as error:
            log.warning("a reply cannot be decoded: %s", error.reason)
