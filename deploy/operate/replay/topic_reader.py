"""Reads topics from their first record to the end that they have now, committed records only."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.codec.avro import Codec, Undecodable
from schemas.kafka.client_options import consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.process.errors import OperatorError
from schemas.topics import Topic

FETCH_BYTES = 4 << 20
WAIT_MS = 200


@asynccontextmanager
async def open_consumer(kafka: Kafka) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group. :raises OperatorError: Kafka does not answer."""
    consumer = AIOKafkaConsumer(
        **consumer_options(kafka),
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
        raise OperatorError(
            f"FOOTPATH_KAFKA={kafka} does not answer or refuses: {error or type(error).__name__}"
        ) from error
    finally:
        await consumer.stop()


async def partitions_of(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> list[TopicPartition]:
    """Every partition of the topics. :raises OperatorError: a topic does not exist."""
    cluster = await consumer._client.fetch_all_metadata()
    partitions = []
    for topic in topics:
        numbers = cluster.partitions_for_topic(topic)
        if not numbers:
            raise OperatorError(f"FOOTPATH_KAFKA: there is no topic {topic}: run `footpath topics apply`")
        partitions += [TopicPartition(topic, number) for number in sorted(numbers)]
    return partitions


async def offset_ranges(
    consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """The first offset that each partition still has, and the one after its last committed record."""
    wanted = list(partitions)
    consumer.assign(wanted)
    return dict(await consumer.beginning_offsets(wanted)), dict(await consumer.end_offsets(wanted))


async def batches(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], starts: Mapping[TopicPartition, int] | None = None
) -> AsyncIterator[tuple[TopicPartition, list[Any]]]:
    """The records of each partition from its first one, or from its start, to before its end, one fetch at a time."""
    consumer.assign(list(ends))
    if starts is None:
        await consumer.seek_to_beginning(*ends)
    else:
        for partition in ends:
            consumer.seek(partition, starts[partition])
    unread = await _unread(consumer, ends, ends)
    while unread:
        for partition, fetched in (await consumer.getmany(*unread, timeout_ms=WAIT_MS)).items():
            if records := [record for record in fetched if record.offset < ends[partition]]:
                yield partition, records
        unread = await _unread(consumer, unread, ends)


async def events_of(kafka: Kafka, codec: Codec, topic: Topic) -> AsyncIterator[tuple[int, Any]]:
    """Every event of a topic with its record's timestamp (milliseconds), each partition in its own order.

    Records that cannot be decoded are left out: the sink has rejected them.
    """
    async with open_consumer(kafka) as consumer:
        _, ends = await offset_ranges(consumer, await partitions_of(consumer, [topic.name]))
        async for _, records in batches(consumer, ends):
            for record in records:
                try:
                    event = codec.of(topic).decode(record.value)
                except Undecodable:
                    continue
                yield record.timestamp, event


async def _unread(
    consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition], ends: Mapping[TopicPartition, int]
) -> list[TopicPartition]:
    """Partitions that are not read to their end. Positions are compared, not records: the last record may be a
    transaction marker, which no consumer gets."""
    return [partition for partition in partitions if await consumer.position(partition) < ends[partition]]
