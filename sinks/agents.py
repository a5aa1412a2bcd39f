"""Topics to tables: one agent a topic, one loop for all of them.

The order of durability, for each batch: 1. rejects are acknowledged by Kafka, 2. rows are in ClickHouse, 3. offsets are
committed. Whatever stops the sink between two steps is repeated from the last commit on, and the tables keep one row
an event. While a batch is being written the next one is read, no more: memory stays bounded when ClickHouse is away.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from schemas.codec import Codec
from schemas.events import EventRejected
from schemas.topics import EVENT_REJECTED, TOPICS, Topic
from sinks import metrics
from sinks.columns import Columns
from sinks.rows import Sorter
from sinks.store.writer import Writer

PAUSE_S = 1.0

Batch = dict[str, list[ConsumerRecord]]
Publish = Callable[[EventRejected], Awaitable[None]]
"""Returns once Kafka has the reject."""

log = logging.getLogger(__name__)


class Agent:
    """Brings the records of one topic into its table."""

    def __init__(self, topic: Topic, codec: Codec, writer: Writer, publish: Publish) -> None:
        self._topic = topic
        self._codec = codec.of(topic)
        self._sorter = Sorter(topic, self._codec)
        self._writer = writer
        self._publish = publish

    async def store(self, records: Sequence[ConsumerRecord]) -> None:
        """Returns once every record is in the table, or on event-rejected."""
        rows = self._sorter.sort(records)
        for rejected in rows.rejects:
            metrics.REJECTED.labels(self._topic.name, rejected.reason).inc()
        if self._topic is EVENT_REJECTED:
            # Published, a reject of a reject would come back here and be rejected again.
            own = [self._body(rejected) for rejected in rows.rejects]
            if own:
                rows.blocks.append((Columns(self._topic, self._codec.schema), own))
        else:
            await asyncio.gather(*(self._publish(rejected) for rejected in rows.rejects))
        for columns, bodies in rows.blocks:
            await self._writer.write(columns, bodies)

    def _body(self, rejected: EventRejected) -> tuple[int, int, bytes]:
        value = self._codec.encode(rejected)
        return rejected.partition, rejected.offset, value[self._codec.split(value)[1] :]


class Loop:
    """Reads batches of all topics, has them stored, commits.

    :param flush_rows: a batch is full with so many records. :param flush_after_s: or when its first is so old.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, agents: Mapping[str, Agent], flush_rows: int, flush_after_s: float
    ) -> None:
        self._consumer = consumer
        self._agents = agents
        self._flush_rows = flush_rows
        self._flush_after_s = flush_after_s

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; what was read by then is stored and committed. An agent's failure ends the loop."""
        storing: asyncio.Task[None] | None = None
        try:
            while not stop.is_set():
                batch = await self._collect(stop)
                if storing is not None:
                    await storing
                    storing = None
                if batch:
                    storing = asyncio.create_task(self._store(batch))
            if storing is not None:
                await storing
        finally:
            if storing is not None:
                storing.cancel()

    async def _collect(self, stop: asyncio.Event) -> Batch:
        now = asyncio.get_running_loop().time
        batch: Batch = {}
        room, until = self._flush_rows, now() + self._flush_after_s
        while room > 0 and (left_s := until - now()) > 0 and not stop.is_set():
            fetched = await self._consumer.getmany(timeout_ms=max(1, int(left_s * 1000)), max_records=room)
            for partition, records in fetched.items():
                batch.setdefault(partition.topic, []).extend(records)
                room -= len(records)
        return batch

    async def _store(self, batch: Batch) -> None:
        async with asyncio.TaskGroup() as tasks:
            for topic, records in batch.items():
                tasks.create_task(self._agents[topic].store(records))
        ends = {
            TopicPartition(topic, record.partition): record.offset + 1
            for topic, records in batch.items()
            for record in records
        }
        await self._commit(ends)
        for topic in batch:
            metrics.LAG.labels(topic).set(self._lag(topic, ends))

    async def _commit(self, ends: dict[TopicPartition, int]) -> None:
        while True:
            # Partitions that moved to another sink meanwhile are read again there; the tables do not mind.
            mine = {partition: end for partition, end in ends.items() if partition in self._consumer.assignment()}
            try:
                if mine:
                    await self._consumer.commit(mine)
                metrics.WAITING.labels("kafka").set(0)
                return
            except (CommitFailedError, IllegalStateError) as problem:
                log.info("not committed, the partitions moved: %s", problem)
                return
            except KafkaError as problem:
                metrics.WAITING.labels("kafka").set(1)
                log.warning("Kafka does not take the commit, next try in %.0f s: %s", PAUSE_S, problem)
                await asyncio.sleep(PAUSE_S)

    def _lag(self, topic: str, ends: dict[TopicPartition, int]) -> int:
        """Records of the batch's partitions that Kafka has beyond what is stored."""
        stored = ((partition, end) for partition, end in ends.items() if partition.topic == topic)
        return sum(
            max(0, (self._consumer.highwater(partition) or end) - end)
            for partition, end in stored
            if partition in self._consumer.assignment()
        )


def build_agents(codec: Codec, writer: Writer, publish: Publish) -> dict[str, Agent]:
    """An agent for every topic that the sink reads, by the topic's name."""
    return {topic.name: Agent(topic, codec, writer, publish) for topic in TOPICS if "sink" in topic.read_by}
