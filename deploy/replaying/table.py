"""`footpath replay topic`: a topic's table anew, from the topic's first record to its last, by the sink's own code."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from clickhouse_connect.driver.client import Client

from deploy.errors import Refused
from deploy.replaying.beside import BESIDE, Copies, feeds_from
from deploy.replaying.checksum import Checksum, checksum_of_derived, checksum_of_topic
from deploy.replaying.groups import committed_by
from deploy.replaying.reading import places_of, reader, runs, spans
from deploy.replaying.screen import Screen
from schemas.codec import Codec
from schemas.events import EventRejected
from schemas.topics import TOPICS, Topic
from sinks.agents import Agent
from sinks.loop import BATCH_BYTES
from sinks.rows import Unchecked
from sinks.serve import GROUP
from sinks.store.writer import Writer

FLUSH_ROWS = 100_000
LOOKS = 10
"""How often a table that views feed is looked at again: the sink may be in the middle of an insert."""
PAUSE_S = 0.3
GIVE_UP_AFTER_S = 300.0


@dataclass(frozen=True, slots=True)
class Compared:
    """A table and what its topic makes of it. ``kept`` rows are in the table alone, their records are gone from the
    topic (retention, compaction); they are in neither checksum."""

    table: str
    was: Checksum
    now: Checksum
    kept: int = 0

    @property
    def equal(self) -> bool:
        return self.was == self.now

    def __str__(self) -> str:
        kept = f"; {self.kept:,} rows kept that the topic does not have any more" if self.kept else ""
        if self.equal:
            return f"{self.table}: equal, {self.now}{kept}"
        return f"{self.table}: different, was {self.was}, from its topic {self.now}{kept}"


def topics_named(name: str) -> list[Topic]:
    """The topic of a noun, a full name or a table's name; ``all``: every one with a table. :raises Refused: none."""
    stored = [topic for topic in TOPICS if "sink" in topic.read_by]
    if name == "all":
        return stored
    found = [topic for topic in stored if name in (topic.noun, topic.name, topic.table)]
    if not found:
        raise Refused(f"no table has a topic {name!r}; there are {', '.join(topic.noun for topic in stored)}, and all")
    return found


async def rebuild(
    topic: Topic, kafka: str, clickhouse: str, client: Client, codec: Codec, check: bool
) -> list[Compared]:
    """Fills a copy of the topic's table, compares, and puts it in the table's place unless that is all (``check``).

    The table is whole and in use all the time. :returns: the table, then those that materialized views feed from it.
    """
    copies = Copies(client, topic.table, feeds_from(client, topic.table))
    copies.make()
    try:
        async with reader(kafka) as consumer:
            firsts, ends = await spans(consumer, await places_of(consumer, [topic.name]))
            await _fill(consumer, topic, codec, clickhouse, ends)
        on_topic = between(topic, firsts, ends)
        stored = await _stored(kafka, ends)
        was = checksum_of_topic(client, topic.table, stored, on_topic)
        now = checksum_of_topic(client, f"{topic.table}{BESIDE}", stored, "true")
        kept = copies.keep(f"NOT ({on_topic})")
        compared = [Compared(topic.table, was, now, kept)]
        compared += [await _compare_derived(client, table) for table in copies.tables[1:]]
        if not check:
            copies.swap({place.partition: end for place, end in ends.items()})
        return compared
    finally:
        copies.drop()


async def _fill(
    consumer: AIOKafkaConsumer, topic: Topic, codec: Codec, clickhouse: str, ends: Mapping[TopicPartition, int]
) -> None:
    writer = Writer(clickhouse)
    agent = Agent(topic, codec, writer, _told_already, f"{topic.table}{BESIDE}")
    batch, rows, size, done = Unchecked(), 0, 0, 0
    try:
        with Screen(topic.noun, "records", sum(ends.values())) as screen:
            async for place, records in runs(consumer, ends):
                size += agent.gather(place.partition, records, batch)
                rows += len(records)
                if rows >= FLUSH_ROWS or size >= BATCH_BYTES:
                    await _stored_in_time(agent.store(batch), topic)
                    done += rows
                    screen.moved(done)
                    batch, rows, size = Unchecked(), 0, 0
            await _stored_in_time(agent.store(batch), topic)
    finally:
        await writer.close()


async def _stored_in_time(storing: Awaitable[None], topic: Topic) -> None:
    """A sink waits for ClickHouse as long as it takes; a command says at some time that it is away."""
    try:
        async with asyncio.timeout(GIVE_UP_AFTER_S):
            await storing
    except TimeoutError:
        raise Refused(
            f"FOOTPATH_CLICKHOUSE: ClickHouse took nothing for {GIVE_UP_AFTER_S:g} s, or another replay of "
            f"{topic.noun} has begun; the table is as it was"
        ) from None


async def _told_already(rejected: EventRejected) -> None:
    """What the sink refuses it has put on event-rejected when it first met it."""


def between(topic: Topic, firsts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> str:
    """Condition on rows of the table: their records are on the topic, as far as offsets or keys can tell."""
    later = " OR ".join(
        f"(_partition = {place.partition} AND _offset >= {first} AND _offset < {ends[place]})"
        for place, first in sorted(firsts.items())
    )
    # Compaction leaves no trace where it took a record away.
    there = f" AND _key IN (SELECT _key FROM footpath.{topic.table}{BESIDE})" if topic.compacted else ""
    return f"({later}){there}"


async def _stored(kafka: str, ends: Mapping[TopicPartition, int]) -> dict[int, int]:
    """Up to which offset the table has everything: as far as the sink has committed. Without a word of the sink the
    table is held against the whole topic."""
    committed = await committed_by(kafka, GROUP)
    return {place.partition: min(end, committed.get(place, end)) for place, end in ends.items()}


async def _compare_derived(client: Client, table: str) -> Compared:
    """Both are fed while this looks; where they differ they are looked at again."""
    for look in range(LOOKS):
        if look:
            await asyncio.sleep(PAUSE_S)
        compared = Compared(table, checksum_of_derived(client, table), checksum_of_derived(client, f"{table}{BESIDE}"))
        if compared.equal:
            break
    return compared
