"""`footpath replay topic`: the table of a topic from the topic's first record to its last, by the sink's own code."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from clickhouse_connect.driver.client import Client

from deploy.operate.replay.checksum import Checksum, checksum_of_derived, checksum_of_topic
from deploy.operate.replay.groups import committed_offsets
from deploy.operate.replay.progress import ReplayProgress
from deploy.operate.replay.shadow_table import SHADOW, ShadowTables, feeds_from
from deploy.operate.replay.topic_reader import batches, offset_ranges, open_consumer, partitions_of
from schemas.codec.avro import Codec
from schemas.events import EventRejected
from schemas.kafka.client_settings import Kafka
from schemas.process.errors import OperatorError
from schemas.topics import TOPICS, Topic, with_prefix
from sinks.clickhouse.consumer import BATCH_BYTES
from sinks.clickhouse.record_router import UncheckedRecords
from sinks.clickhouse.store_settings import Store
from sinks.clickhouse.topic_writer import TopicWriter
from sinks.clickhouse.writer import Writer
from sinks.serve import GROUP

FLUSH_ROWS = 100_000
ATTEMPTS = 10
"""Comparisons of a derived table until it counts as different: the sink may be in the middle of an insert."""
PAUSE_S = 0.3
TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class TableComparison:
    """The checksums of a live table and of the one rebuilt from its topic. ``copied`` is the number of rows whose
    records the topic does not have any more (retention, compaction); they are in neither checksum."""

    table: str
    live: Checksum
    rebuilt: Checksum
    copied: int = 0

    @property
    def equal(self) -> bool:
        return self.live == self.rebuilt

    def __str__(self) -> str:
        copied = f"; {self.copied:,} rows copied that the topic does not have any more" if self.copied else ""
        if self.equal:
            return f"{self.table}: equal, {self.rebuilt}{copied}"
        return f"{self.table}: different, table: {self.live}; rebuilt from its topic: {self.rebuilt}{copied}"


def topics_named(name: str) -> list[Topic]:
    """The topic with this noun, full name or table; ``all`` gives every topic with a table. :raises OperatorError:
    none."""
    stored = [topic for topic in TOPICS if "sink" in topic.read_by]
    if name == "all":
        return stored
    found = [topic for topic in stored if name in (topic.noun, topic.name, topic.table)]
    if not found:
        raise OperatorError(
            f"no table has a topic {name!r}; there are {', '.join(topic.noun for topic in stored)}, and all"
        )
    return found


async def rebuild(
    topic: Topic, kafka: Kafka, clickhouse: Store, client: Client, codec: Codec, check: bool
) -> list[TableComparison]:
    """Fills a shadow table, compares it with the live table and, unless ``check`` is set, puts it in its place.

    The live table is complete and in use all the time. :returns: comparisons of the topic's table and of every table
    that materialized views feed from it.
    """
    shadow = ShadowTables(client, topic.table, feeds_from(client, topic.table))
    shadow.create()
    try:
        async with open_consumer(kafka) as consumer:
            firsts, ends = await offset_ranges(consumer, await partitions_of(consumer, [topic.name]))
            await _fill(consumer, topic, codec, clickhouse, ends)
        on_topic = on_topic_condition(topic, firsts, ends)
        stored = await _stored_offsets(kafka, ends)
        live = checksum_of_topic(client, topic.table, stored, on_topic)
        rebuilt = checksum_of_topic(client, f"{topic.table}{SHADOW}", stored, "true")
        copied = shadow.copy_rows(f"NOT ({on_topic})")
        compared = [TableComparison(topic.table, live, rebuilt, copied)]
        compared += [await _compare_derived(client, table) for table in shadow.tables[1:]]
        if not check:
            shadow.exchange({partition.partition: end for partition, end in ends.items()})
        return compared
    finally:
        shadow.drop()


async def _fill(
    consumer: AIOKafkaConsumer, topic: Topic, codec: Codec, clickhouse: Store, ends: Mapping[TopicPartition, int]
) -> None:
    writer = Writer(clickhouse)
    topic_writer = TopicWriter(topic, codec, writer, _skip_reject, f"{topic.table}{SHADOW}")
    batch, rows, size, done = UncheckedRecords(), 0, 0, 0
    try:
        with ReplayProgress(topic.noun, "records", sum(ends.values())) as progress:
            async for partition, records in batches(consumer, ends):
                size += topic_writer.add(partition.partition, records, batch)
                rows += len(records)
                if rows >= FLUSH_ROWS or size >= BATCH_BYTES:
                    await _with_timeout(topic_writer.store(batch), topic)
                    done += rows
                    progress.advance_to(done)
                    batch, rows, size = UncheckedRecords(), 0, 0
            await _with_timeout(topic_writer.store(batch), topic)
    finally:
        await writer.close()


async def _with_timeout(storing: Awaitable[None], topic: Topic) -> None:
    """A sink waits for ClickHouse without a limit; a command gives up. :raises OperatorError: after ``TIMEOUT_S``."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await storing
    except TimeoutError:
        raise OperatorError(
            f"FOOTPATH_CLICKHOUSE: ClickHouse took nothing for {TIMEOUT_S:g} s, or another replay of "
            f"{topic.noun} has started; the table is unchanged"
        ) from None


async def _skip_reject(rejected: EventRejected) -> None:
    """The sink published this reject when it first met the record."""


def on_topic_condition(topic: Topic, firsts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> str:
    """SQL condition on rows of the live table: the topic still has their records, as far as offsets or keys show."""
    in_range = " OR ".join(
        f"(_partition = {partition.partition} AND _offset >= {first} AND _offset < {ends[partition]})"
        for partition, first in sorted(firsts.items())
    )
    # Which records compaction removed can be seen by the rebuilt table alone.
    rebuilt = f" AND _key IN (SELECT _key FROM footpath.{topic.table}{SHADOW})" if topic.compacted else ""
    return f"({in_range}){rebuilt}"


async def _stored_offsets(kafka: Kafka, ends: Mapping[TopicPartition, int]) -> dict[int, int]:
    """The offset of each partition up to which the live table is complete: the one that the sink has committed. Without
    a committed offset the table is compared with the whole topic."""
    committed = await committed_offsets(kafka, with_prefix(GROUP))
    return {partition.partition: min(end, committed.get(partition, end)) for partition, end in ends.items()}


async def _compare_derived(client: Client, table: str) -> TableComparison:
    """Compares until both are equal, at most ``ATTEMPTS`` times, because inserts go on meanwhile."""
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(PAUSE_S)
        live, rebuilt = checksum_of_derived(client, table), checksum_of_derived(client, f"{table}{SHADOW}")
        compared = TableComparison(table, live, rebuilt)
        if compared.equal:
            break
    return compared
