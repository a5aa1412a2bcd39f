"""The rewards that are posted now: reward-posted, read from its end without a consumer group, by every gateway.

A page comes before its reward or just after it, and may ask any gateway. So the latest records stay in memory for as
long as a page takes, as bytes: decoded are those alone that somebody waits for.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from schemas.codec.avro import Codec, Undecodable
from schemas.events import RewardPosted
from schemas.kafka.client_options import consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import partitions_of_topic
from schemas.topics import REWARD_POSTED

log = logging.getLogger(__name__)

RECENT_S: Final = 60.0
RECENT: Final = 20_000
"""Records in memory at most, of some 250 bytes: the rewards of a minute at 300 a second."""
WAITING: Final = 100
"""Rewards of one scan that wait for their listener; more are not shown."""
RETRY_AFTER_S: Final = 0.5
WAIT_MS: Final = 5_000
RECORDS_AT_ONCE: Final = 200
"""Records that are taken between two turns of the event loop, some 3 ms where somebody listens."""

Listener = asyncio.Queue[RewardPosted]


class PostedRewards:
    """Rewards by the event that earned them."""

    def __init__(self, bootstrap: Kafka, codec: Codec) -> None:
        self._bootstrap = bootstrap
        self._codec = codec.of(REWARD_POSTED)
        self._recent: deque[tuple[float, bytes]] = deque(maxlen=RECENT)
        self._listeners: dict[str, set[Listener]] = {}

    @contextmanager
    def listener(self, event_id: str) -> Iterator[Listener]:
        """The rewards of an event, those that were posted lately first. For one listener, on the event loop."""
        queue: Listener = asyncio.Queue(WAITING)
        self._forget_old(time.monotonic())
        named = event_id.encode()
        for _, value in self._recent:
            if named in value:
                self._pass_on(value, {event_id: {queue}})
        self._listeners.setdefault(event_id, set()).add(queue)
        try:
            yield queue
        finally:
            listeners = self._listeners[event_id]
            listeners.discard(queue)
            if not listeners:
                del self._listeners[event_id]

    def take(self, values: Iterable[bytes], now_s: float) -> None:
        """Records as they come. :param now_s: monotonic time in seconds."""
        self._forget_old(now_s)
        for value in values:
            self._recent.append((now_s, value))
            if self._listeners:
                self._pass_on(value, self._listeners)

    async def run(self) -> None:
        """Reads the topic until cancelled; reconnects when a broker is lost."""
        failed = False
        while True:
            try:
                await self._read()
            except (KafkaError, OSError) as error:
                if not failed:  # once: whoever cannot be reached at all is told so by the check of the deployment
                    log.warning("rewards cannot be read: %s", type(error).__name__)
                failed = True
            await asyncio.sleep(RETRY_AFTER_S)

    async def _read(self) -> None:
        consumer: Any = AIOKafkaConsumer(
            **consumer_options(self._bootstrap),
            enable_auto_commit=False,
            auto_offset_reset="latest",
            isolation_level="read_committed",
            fetch_max_wait_ms=WAIT_MS,
        )
        try:
            await consumer.start()
            consumer.assign(await partitions_of_topic(consumer, REWARD_POSTED))
            await consumer.seek_to_end()
            while True:
                found = await consumer.getmany(timeout_ms=WAIT_MS, max_records=RECORDS_AT_ONCE)
                for records in found.values():
                    self.take((record.value for record in records if record.value is not None), time.monotonic())
                await asyncio.sleep(0)
        finally:
            await consumer.stop()

    def _forget_old(self, now_s: float) -> None:
        while self._recent and now_s - self._recent[0][0] > RECENT_S:
            self._recent.popleft()

    def _pass_on(self, value: bytes, listeners: dict[str, set[Listener]]) -> None:
        try:
            reward = self._codec.decode(value)
        except Undecodable:
            return  # the sink rejects it
        for queue in listeners.get(reward.source_event_id, ()):
            if not queue.full():
                queue.put_nowait(reward)
