"""Topics to tables: one agent a topic."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from schemas.codec import Codec
from schemas.events import EventRejected
from schemas.topics import EVENT_REJECTED, TOPICS, Topic
from sinks import metrics
from sinks.columns import Columns
from sinks.rows import Fetched, Record, Sorter, Unchecked
from sinks.store.writer import Writer

Publish = Callable[[EventRejected], Awaitable[None]]
"""Returns once Kafka has the reject."""


class Agent:
    """Brings the records of one topic into its table, or into ``table`` beside it."""

    def __init__(self, topic: Topic, codec: Codec, writer: Writer, publish: Publish, table: str = "") -> None:
        self._topic = topic
        self._table = table
        self._codec = codec.of(topic)
        self._sorter = Sorter(topic, self._codec, table)
        self._writer = writer
        self._publish = publish

    def gather(self, partition: int, records: Sequence[Fetched], into: Unchecked) -> int:
        """Adds records of a partition to what will be stored, and returns how many bytes their values have."""
        return self._sorter.gather(partition, records, into)

    async def store(self, unchecked: Unchecked) -> None:
        """Returns once every record is in the table, or on event-rejected."""
        if unchecked.others:
            await self._look(unchecked.others)
        for sealed, runs in unchecked.runs.items():
            if not await self._writer.offer(sealed, runs):
                await self._look(self._sorter.placed(runs))

    async def _look(self, records: Sequence[Record]) -> None:
        """The slow way, which finds out what is wrong with which record."""
        rows = self._sorter.sort(records)
        for rejected in rows.rejects:
            metrics.REJECTED.labels(self._topic.name, rejected.reason).inc()
        if self._topic is EVENT_REJECTED:
            # Published, a reject of a reject would come back here and be rejected again.
            own = [self._body(rejected) for rejected in rows.rejects]
            if own:
                rows.blocks.append((Columns(self._topic, self._codec.schema, self._table), own))
        else:
            await asyncio.gather(*(self._publish(rejected) for rejected in rows.rejects))
        for columns, bodies in rows.blocks:
            await self._writer.write(columns, bodies)

    def _body(self, rejected: EventRejected) -> tuple[int, int, bytes]:
        value = self._codec.encode(rejected)
        return rejected.partition, rejected.offset, value[self._codec.split(value)[1] :]


def build_agents(codec: Codec, writer: Writer, publish: Publish) -> dict[str, Agent]:
    """An agent for every topic that the sink reads, by the topic's name."""
    return {topic.name: Agent(topic, codec, writer, publish) for topic in TOPICS if "sink" in topic.read_by}
