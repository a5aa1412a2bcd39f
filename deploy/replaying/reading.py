"""Reads topics from where they begin to where they end now, committed records only."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.errors import Refused
from schemas.codec import Codec, Undecodable
from schemas.topics import Topic

FETCH_BYTES = 4 << 20
WAIT_MS = 200


@asynccontextmanager
async def reader(kafka: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group. :raises Refused: Kafka does not answer."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=50,
    )
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise Refused(f"FOOTPATH_KAFKA={kafka} does not answer or refuses: {error or type(error).__name__}") from error
    finally:
        await consumer.stop()


async def places_of(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> list[TopicPartition]:
    """Every partition of the topics. :raises Refused: a topic is not there."""
    cluster = await consumer._client.fetch_all_metadata()
    places = []
    for topic in topics:
        numbers = cluster.partitions_for_topic(topic)
        if not numbers:
            raise Refused(f"FOOTPATH_KAFKA: there is no topic {topic}: run `footpath topics apply`")
        places += [TopicPartition(topic, number) for number in sorted(numbers)]
    return places


async def spans(
    consumer: AIOKafkaConsumer, places: Iterable[TopicPartition]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """The first offset that each partition still has, and the one after its last that is committed."""
    wanted = list(places)
    consumer.assign(wanted)
    return dict(await consumer.beginning_offsets(wanted)), dict(await consumer.end_offsets(wanted))


async def runs(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], starts: Mapping[TopicPartition, int] | None = None
) -> AsyncIterator[tuple[TopicPartition, list[Any]]]:
    """The records of each partition from its beginning, or its start, to before its end, a run at a time."""
    consumer.assign(list(ends))
    if starts is None:
        await consumer.seek_to_beginning(*ends)
    else:
        for place in ends:
            consumer.seek(place, starts[place])
    left = await _behind(consumer, ends, ends)
    while left:
        for place, records in (await consumer.getmany(*left, timeout_ms=WAIT_MS)).items():
            if run := [record for record in records if record.offset < ends[place]]:
                yield place, run
        left = await _behind(consumer, left, ends)


async def events_of(kafka: str, codec: Codec, topic: Topic) -> AsyncIterator[tuple[int, Any]]:
    """Every event of a topic with the time (milliseconds) at which it came, each partition in its own order.

    What cannot be decoded is left out: the sink has told it.
    """
    async with reader(kafka) as consumer:
        _, ends = await spans(consumer, await places_of(consumer, [topic.name]))
        async for _, records in runs(consumer, ends):
            for record in records:
                try:
                    event = codec.of(topic).decode(record.value)
                except Undecodable:
                    continue
                yield record.timestamp, event


async def _behind(
    consumer: AIOKafkaConsumer, places: Iterable[TopicPartition], ends: Mapping[TopicPartition, int]
) -> list[TopicPartition]:
    """Partitions that are not read to their end. Positions count, not records: the last may be a marker that nobody
    is shown."""
    return [place for place in places if await consumer.position(place) < ends[place]]
