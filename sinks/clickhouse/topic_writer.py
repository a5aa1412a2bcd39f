"""Topics to tables: one writer per topic."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from schemas.codec.avro import Codec
from schemas.events import EventRejected
from schemas.process.reject_window import RejectLimitExceeded, RejectWindow
from schemas.reasons import RejectReason
from schemas.topics import EVENT_REJECTED, TOPICS, Topic
from sinks import metrics
from sinks.clickhouse.columns import Columns
from sinks.clickhouse.record_router import RawRecord, Record, RecordRouter, UncheckedRecords, refusal
from sinks.clickhouse.writer import Writer

log = logging.getLogger(__name__)
REJECT_SETTINGS = "FOOTPATH_SINK_REJECT_RATIO and FOOTPATH_SINK_REJECT_WINDOW"
Publish = Callable[[EventRejected], Awaitable[None]]
"""Returns once Kafka has acknowledged the reject."""


class TopicWriter:
    """Writes the records of one topic to its table, or to ``table`` of the same columns.

    :param rejects: stops the sink when too many records are rejected. :param incarnation: of the topic, see
        `topic_incarnation`.
    """

    def __init__(
        self,
        topic: Topic,
        codec: Codec,
        writer: Writer,
        publish: Publish,
        table: str = "",
        rejects: RejectWindow | None = None,
        incarnation: int = 0,
    ) -> None:
        self._topic = topic
        self._codec = codec.of(topic)
        self._router = RecordRouter(topic, self._codec, table, incarnation)
        self._own_columns = Columns(topic, self._codec.schema, table, incarnation)
        self._writer = writer
        self._publish = publish
        self._rejects = rejects or RejectWindow()
        metrics.REJECTED.labels(topic.name, RejectReason.UNSTORABLE)  # exists from the start: the first is an increase

    def add(self, partition: int, records: Sequence[RawRecord], into: UncheckedRecords) -> int:
        """Adds records of a partition to the next batch and returns the number of bytes of their values."""
        return self._router.add(partition, records, into)

    async def store(self, unchecked: UncheckedRecords) -> None:
        """Returns once every record is in the table or on event-rejected; waits as long as either is away.

        :raises RejectLimitExceeded: more of the latest records were rejected than broken records can explain.
        """
        count, rejected = len(unchecked.unknown), 0
        if unchecked.unknown:
            rejected += await self._store_checked(unchecked.unknown)
        for guarded, batches in unchecked.batches.items():
            count += sum(len(batch.values) for batch in batches)
            if not await self._writer.try_insert(guarded, batches):
                rejected += await self._store_checked(self._router.records_of(batches))
        try:
            self._rejects.add(count, rejected)
        except RejectLimitExceeded as error:
            raise RejectLimitExceeded(f"the sink {error}; they are of {self._topic.name}") from None

    async def _store_checked(self, records: Sequence[Record]) -> int:
        """The slow way, which validates each record here; returns the number of those that are rejected."""
        checked = self._router.check(records)
        await self._set_aside(checked.rejects)
        refused = [one for columns, bodies in checked.blocks for one in await self._writer.insert(columns, bodies)]
        if refused:
            by_position = {(record.partition, record.offset): record for record in records}
            await self._set_aside([refusal(by_position[one.partition, one.offset], one.error) for one in refused])
        return len(checked.rejects) + len(refused)

    async def _set_aside(self, rejects: Sequence[EventRejected]) -> None:
        """Returns once the rejects are on event-rejected, or, those of event-rejected itself, in its table: published,
        they would be read here again and rejected again."""
        for rejected in rejects:
            metrics.REJECTED.labels(self._topic.name, rejected.reason).inc()
        for reason in sorted({rejected.reason for rejected in rejects}):
            of_reason = [rejected for rejected in rejects if rejected.reason == reason]
            at, count = (of_reason[0].topic, of_reason[0].partition, of_reason[0].offset), len(of_reason)
            log.error("%d records were set aside, %s; the first is %s %d/%d", count, reason, *at)
        if self._topic is not EVENT_REJECTED:
            await asyncio.gather(*(self._publish(rejected) for rejected in rejects))
        elif rejects:
            for one in await self._writer.insert(self._own_columns, [self._body(rejected) for rejected in rejects]):
                log.error(
                    "ClickHouse refuses a reject and its reject; its bytes are on the topic: %s",
                    one.error,
                    extra={"topic": self._topic.name, "partition": one.partition, "offset": one.offset},
                )

    def _body(self, rejected: EventRejected) -> tuple[int, int, bytes]:
        value = self._codec.encode(rejected)
        return rejected.partition, rejected.offset, value[self._codec.split(value)[1] :]


def build_topic_writers(
    codec: Codec, writer: Writer, publish: Publish, ratio: float, window: int, incarnations: Mapping[str, int]
) -> dict[str, TopicWriter]:
    """A writer for every topic that the sink reads, by the topic's name; each has a limit of rejects of its own."""
    return {
        topic.name: TopicWriter(
            topic,
            codec,
            writer,
            publish,
            rejects=RejectWindow(ratio, window, REJECT_SETTINGS),
            incarnation=incarnations.get(topic.name, 0),
        )
        for topic in stored_topics()
    }


def stored_topics() -> list[Topic]:
    """The topics that the sink reads."""
    return [topic for topic in TOPICS if "sink" in topic.read_by]
