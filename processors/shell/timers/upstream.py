"""Whether the processors from which this one gets its events are behind: then what they have not passed on yet may say
that a timer has nothing to do.

A worker of identity that was down for a day passes a day's purchases on when it is back; nobody counts as inactive
until then. So timers wait while a processor upstream has not committed records that Kafka took some seconds ago. Where
the group's offsets leave it open (after the last record come markers of transactions), the topic is read from there.

Only timers wait, no record does: processors that wait for each other's records would wait for ever.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Container, Iterable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from processors.registry import PROCESSORS
from schemas.kafka.client_options import client_options, consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.topics import STATE_MOVED, TOPICS, Topic, with_prefix

log = logging.getLogger(__name__)
FRESH_S: Final = 2.0
"""How long an answer counts."""
READ_MS: Final = 50


def upstream_of(name: str, sources: Iterable[Topic]) -> dict[str, tuple[Topic, ...]]:
    """The processors whose work reaches a processor, with the topics that bring them theirs; itself among them, since
    its partitions send each other what follows people who merge."""
    found: dict[str, tuple[Topic, ...]] = {}
    left = [(name, tuple(sources))]
    while left:
        processor, reads = left.pop()
        if processor in found:
            continue
        found[processor] = reads
        # Everybody writes transfers, each for itself alone.
        writers = {writer for topic in reads if topic is not STATE_MOVED for writer in topic.written_by}
        for writer in (writers & set(PROCESSORS)) - found.keys():
            left.append((writer, tuple(t for t in TOPICS if writer in t.read_by and not t.compacted)))
    return found


class Upstream:
    """Asked by all partitions of a worker, on its event loop.

    :param grace_s: how old a record is, at least, that an upstream processor should have committed. :param owned: the
        partitions that this worker has itself: how far these are is known better.
    """

    def __init__(
        self,
        kafka: Kafka,
        name: str,
        sources: Iterable[Topic],
        grace_s: float,
        owned: Callable[[], Container[int]],
    ) -> None:
        self._own_group, self._owned = with_prefix(f"footpath-{name}"), owned
        self._kafka = kafka
        self._groups = {with_prefix(f"footpath-{one}"): topics for one, topics in upstream_of(name, sources).items()}
        self._topics = {topic.name for topics in self._groups.values() for topic in topics}
        self._grace_ms = round(grace_s * 1000)
        self._asking = asyncio.Lock()
        self._answered_s = float("-inf")
        self._is_behind = False
        self._clients: tuple[AIOKafkaAdminClient, AIOKafkaConsumer] | None = None

    async def is_behind(self, now_ms: int) -> bool:
        """Whether one of them is behind, by an answer of the last seconds. True also while Kafka does not answer.

        :param now_ms: the brokers' time.
        """
        async with self._asking:
            if time.monotonic() - self._answered_s > FRESH_S:
                try:
                    behind = await self._ask(now_ms)
                except (KafkaError, OSError) as error:
                    log.info("Kafka does not say how far the processors are: %s", type(error).__name__)
                    await self.close()
                    return True
                if behind and not self._is_behind:
                    log.warning("timers wait: %s is behind", behind)
                self._is_behind, self._answered_s = bool(behind), time.monotonic()
            return self._is_behind

    async def close(self) -> None:
        """Ends the connections."""
        clients, self._clients = self._clients, None
        if clients is not None:
            await clients[0].close()
            await clients[1].stop()

    async def _ask(self, now_ms: int) -> str:
        """The first group that is behind; empty: none is."""
        admin, consumer = await self._connected()
        partitions = {
            TopicPartition(name, number)
            for name in self._topics
            for number in consumer.partitions_for_topic(name) or ()
        }
        since = await consumer.offsets_for_times(dict.fromkeys(partitions, now_ms - self._grace_ms))
        ends = await consumer.end_offsets(list(partitions))
        for group, topics in self._groups.items():
            committed = {tp: one.offset for tp, one in (await admin.list_consumer_group_offsets(group)).items()}
            names, known = {topic.name for topic in topics}, self._owned() if group == self._own_group else ()
            for tp in partitions:
                if tp.topic in names and tp.partition not in known:
                    found = since.get(tp)
                    until = found.offset if found is not None else ends[tp]
                    start = max(0, committed.get(tp, 0))
                    if start < until and await _has_records(consumer, tp, start, until):
                        return group
        return ""

    async def _connected(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        if self._clients is None:
            admin = AIOKafkaAdminClient(**client_options(self._kafka))
            consumer = AIOKafkaConsumer(
                **consumer_options(self._kafka),
                enable_auto_commit=False,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                fetch_max_wait_ms=READ_MS,
            )
            self._clients = admin, consumer
            await admin.start()
            await consumer.start()
            consumer._client.set_topics(self._topics)
            await consumer._client.force_metadata_update()
        return self._clients


async def _has_records(consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, until: int) -> bool:
    """Whether a reader gets a record from ``start`` on and before ``until``."""
    consumer.assign([tp])
    consumer.seek(tp, start)
    while await consumer.position(tp) < until:
        for records in (await consumer.getmany(tp, timeout_ms=READ_MS, max_records=1)).values():
            return bool(records[0].offset < until)
    return False
