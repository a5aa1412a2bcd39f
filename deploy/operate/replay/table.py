"""`footpath replay topic`: the table of a topic from the topic's first record to its last, by the sink's own code."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

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
from schemas.kafka.topic_ids import fetch_topic_ids
from schemas.process.errors import OperatorError
from schemas.topics import Topic, with_prefix
from sinks.clickhouse.consumer import BATCH_BYTES
from sinks.clickhouse.record_router import UncheckedRecords
from sinks.clickhouse.store_settings import Store
from sinks.clickhouse.topic_incarnation import first_position
from sinks.clickhouse.topic_writer import TopicWriter, stored_topics
from sinks.clickhouse.writer import Writer
from sinks.serve import GROUP

FLUSH_ROWS = 100_000
ATTEMPTS = 10
"""Comparisons of a derived table until it counts as different: the sink may be in the middle of an insert."""
PAUSE_S = 0.3
TIMEOUT_S = 300.0
T = TypeVar("T")
P = TypeVar("P", int, TopicPartition)


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
    stored = stored_topics()
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
            incarnation = await _incarnation(consumer, topic, clickhouse)
            firsts, ends = await offset_ranges(consumer, await partitions_of(consumer, [topic.name]))
            await _fill(consumer, topic, codec, clickhouse, ends, incarnation)
        stored = _positions(await _stored_offsets(kafka, ends), incarnation)
        firsts, ends = _positions(firsts, incarnation), _positions(ends, incarnation)
        on_topic = on_topic_condition(topic, firsts, ends)
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


async def _incarnation(consumer: AIOKafkaConsumer, topic: Topic, clickhouse: Store) -> int:
    """Of the topic, see `sinks.clickhouse.topic_incarnation`."""
    writer = Writer(clickhouse)
    try:
        ids = await fetch_topic_ids(consumer._client, [topic.name])
        return (await _with_timeout(writer.claim_incarnations(ids), topic)).get(topic.name, 0)
    finally:
        await writer.close()


def _positions(offsets: Mapping[P, int], incarnation: int) -> dict[P, int]:
    """The offsets as the table's column _offset has them."""
    return {partition: first_position(incarnation) + offset for partition, offset in offsets.items()}


async def _fill(
    consumer: AIOKafkaConsumer,
    topic: Topic,
    codec: Codec,
    clickhouse: Store,
    ends: Mapping[TopicPartition, int],
    incarnation: int,
) -> None:
    writer = Writer(clickhouse)
    topic_writer = TopicWriter(topic, codec, writer, _skip_reject, f"{topic.table}{SHADOW}", incarnation=incarnation)
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


async def _with_timeout(storing: Awaitable[T], topic: Topic) -> T:
    """A sink waits for ClickHouse without a limit; a command gives up. :raises OperatorError: after ``TIMEOUT_S``."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await storing
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
    rebuilt = f" AND _key IN (SELECT _key FROM {topic.table}{SHADOW})" if topic.compacted else ""
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
