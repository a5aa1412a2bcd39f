"""Reads batches of all topics, has them stored, commits.

The order of durability, for each batch: 1. rejects are acknowledged by Kafka, 2. rows are in ClickHouse, 3. offsets are
committed, after those of the batch before. Whatever stops the sink between two steps is repeated from the last commit
on, and the tables keep one row an event. While AT_ONCE batches are being written the next one is read, no more: memory
stays bounded when ClickHouse is away.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from sinks import metrics
from sinks.agents import Agent
from sinks.rows import Fetched, Unchecked

PAUSE_S = 1.0
AT_ONCE = 2
"""Batches being written: ClickHouse has the next one when it is done with one."""
BATCH_BYTES = 64 << 20

log = logging.getLogger(__name__)


@dataclass
class Batch:
    """What is stored together: records by topic, and where each partition goes on."""

    topics: dict[str, Unchecked] = field(default_factory=dict)
    ends: dict[TopicPartition, int] = field(default_factory=dict)


class Loop:
    """One loop for all topics.

    :param flush_rows: a batch is full with so many records, or BATCH_BYTES. :param flush_after_s: or when it is so old.
    ``stored`` has the offsets that were committed.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, agents: Mapping[str, Agent], flush_rows: int, flush_after_s: float
    ) -> None:
        self._consumer = consumer
        self._agents = agents
        self._flush_rows = flush_rows
        self._flush_after_s = flush_after_s
        self.stored: dict[TopicPartition, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; what was read by then is stored and committed. An agent's failure ends the loop."""
        storing: deque[asyncio.Task[None]] = deque()
        try:
            while not stop.is_set():
                batch = await self._collect(stop)
                while storing and (storing[0].done() or len(storing) == AT_ONCE):
                    await storing.popleft()
                if batch.ends:
                    storing.append(asyncio.create_task(self._store(batch, storing[-1] if storing else None)))
            while storing:
                await storing.popleft()
        finally:
            for task in storing:
                task.cancel()

    async def _collect(self, stop: asyncio.Event) -> Batch:
        now = asyncio.get_running_loop().time
        batch = Batch()
        rows, space, until = self._flush_rows, BATCH_BYTES, now() + self._flush_after_s
        while rows > 0 and space > 0 and (left_s := until - now()) > 0 and not stop.is_set():
            fetched = await self._consumer.getmany(timeout_ms=max(1, int(left_s * 1000)), max_records=rows)
            for partition, records in fetched.items():
                rows -= len(records)
                space -= self._gather(batch, partition, records)
        return batch

    def _gather(self, batch: Batch, partition: TopicPartition, records: Sequence[Fetched]) -> int:
        end = batch.ends.get(partition, 0)
        if records[0].offset < end:
            # The partition was away and came back: it is read again from the last commit on.
            records = [record for record in records if record.offset >= end]
        if not records:
            return 0
        batch.ends[partition] = records[-1].offset + 1
        topic = batch.topics.setdefault(partition.topic, Unchecked())
        return self._agents[partition.topic].gather(partition.partition, records, topic)

    async def _store(self, batch: Batch, before: asyncio.Task[None] | None) -> None:
        async with asyncio.TaskGroup() as tasks:
            for topic, unchecked in batch.topics.items():
                tasks.create_task(self._agents[topic].store(unchecked))
        if before is not None:
            await before
        await self._commit(batch.ends)

    async def _commit(self, ends: dict[TopicPartition, int]) -> None:
        while True:
            # Partitions that moved to another sink meanwhile are read again there; the tables do not mind.
            mine = {partition: end for partition, end in ends.items() if partition in self._consumer.assignment()}
            try:
                if mine:
                    await self._consumer.commit(mine)
                    self.stored |= mine
                metrics.WAITING.labels("kafka").set(0)
                return
            except (CommitFailedError, IllegalStateError) as problem:
                log.info("not committed, the partitions moved: %s", problem)
                return
            except KafkaError as problem:
                metrics.WAITING.labels("kafka").set(1)
                log.warning("Kafka does not take the commit, next try in %.0f s: %s", PAUSE_S, problem)
                await asyncio.sleep(PAUSE_S)
