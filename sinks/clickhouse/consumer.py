"""Reads batches of all topics, has them stored, and commits their offsets.

The order of durability, for each batch: 1. rejects are acknowledged by Kafka, 2. rows are in ClickHouse, 3. offsets are
committed, after those of the batch before. A stop between two steps repeats everything from the last commit on, and the
tables keep one row per event. While MAX_WRITES batches are being written one more is read, no further: memory stays
bounded when ClickHouse is away.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from schemas.kafka.topic_ids import TopicId
from sinks import metrics
from sinks.clickhouse.record_router import RawRecord, UncheckedRecords
from sinks.clickhouse.topic_writer import TopicWriter

PAUSE_S = 1.0
MAX_WRITES = 2
"""Batches written at the same time, so that ClickHouse never waits for the next one."""
BATCH_BYTES = 64 << 20
CHECK_S = 5.0
"""How often Kafka is asked whether its topics are still the same ones."""

log = logging.getLogger(__name__)


@dataclass
class FlushBatch:
    """Records that are stored together, by topic, and the next offset of each partition."""

    topics: dict[str, UncheckedRecords] = field(default_factory=dict)
    ends: dict[TopicPartition, int] = field(default_factory=dict)


class SinkConsumer:
    """The read, store and commit loop over all topics; ``stored`` has the offsets that were committed.

    :param writers: by topic name. :param ids: of the topics; offsets are committed with them. :param check_ids: raises
        when a topic is another one now; called before records are stored that begin again, and from time to time.
    :param flush_rows: a batch is full with so many records or BATCH_BYTES, or when it is ``flush_after_s`` old.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        writers: Mapping[str, TopicWriter],
        ids: Mapping[str, TopicId],
        check_ids: Callable[[], Awaitable[None]],
        flush_rows: int,
        flush_after_s: float,
    ) -> None:
        self._consumer = consumer
        self._writers = writers
        self._ids = ids
        self._check_ids = check_ids
        self._check_at = 0.0
        self._read_to: dict[TopicPartition, int] = {}
        self._flush_rows = flush_rows
        self._flush_after_s = flush_after_s
        self.stored: dict[TopicPartition, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until ``stop`` is set, then stores and commits what was read. Raises what a topic writer raises."""
        writes: deque[asyncio.Task[None]] = deque()
        try:
            while not stop.is_set():
                batch = await self._read(stop)
                if asyncio.get_running_loop().time() >= self._check_at:
                    await self._check_ids()
                    self._check_at = asyncio.get_running_loop().time() + CHECK_S
                while writes and (writes[0].done() or len(writes) == MAX_WRITES):
                    await writes.popleft()
                if batch.ends:
                    writes.append(asyncio.create_task(self._store(batch, writes[-1] if writes else None)))
            while writes:
                await writes.popleft()
        finally:
            for task in writes:
                task.cancel()

    async def _read(self, stop: asyncio.Event) -> FlushBatch:
        now = asyncio.get_running_loop().time
        batch = FlushBatch()
        rows, space, until = self._flush_rows, BATCH_BYTES, now() + self._flush_after_s
        while rows > 0 and space > 0 and (left_s := until - now()) > 0 and not stop.is_set():
            fetched = await self._consumer.getmany(timeout_ms=max(1, int(left_s * 1000)), max_records=rows)
            for partition, records in fetched.items():
                rows -= len(records)
                space -= self._add(batch, partition, records)
        return batch

    def _add(self, batch: FlushBatch, partition: TopicPartition, records: Sequence[RawRecord]) -> int:
        end = batch.ends.get(partition, 0)
        if records[0].offset < end:
            # The partition was revoked and assigned again: it is read again from the last commit on.
            records = [record for record in records if record.offset >= end]
        if not records:
            return 0
        if records[0].offset < self._read_to.get(partition, 0):
            self._check_at = 0.0
        self._read_to[partition] = batch.ends[partition] = records[-1].offset + 1
        topic = batch.topics.setdefault(partition.topic, UncheckedRecords())
        return self._writers[partition.topic].add(partition.partition, records, topic)

    async def _store(self, batch: FlushBatch, before: asyncio.Task[None] | None) -> None:
        async with asyncio.TaskGroup() as tasks:
            for topic, unchecked in batch.topics.items():
                tasks.create_task(self._writers[topic].store(unchecked))
        if before is not None:
            await before
        await self._commit(batch.ends)

    async def _commit(self, ends: dict[TopicPartition, int]) -> None:
        while True:
            # Partitions that moved to another sink meanwhile are read again there; the tables keep one row per event.
            assigned = {partition: end for partition, end in ends.items() if partition in self._consumer.assignment()}
            try:
                if assigned:
                    await self._consumer.commit(
                        {tp: (end, str(self._ids.get(tp.topic, ""))) for tp, end in assigned.items()}
                    )
                    self.stored |= assigned
                metrics.WAITING.labels("kafka").set(0)
                return
            except (CommitFailedError, IllegalStateError) as problem:
                log.info("offsets not committed, the partitions were reassigned: %s", problem)
                return
            except KafkaError as problem:
                metrics.WAITING.labels("kafka").set(1)
                log.warning("Kafka cannot commit the offsets, next try in %.0f s: %s", PAUSE_S, problem)
                await asyncio.sleep(PAUSE_S)
