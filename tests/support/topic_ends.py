"""End offsets of topics, for tests that only read records published later."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import PARTITIONS

Offsets = dict[TopicPartition, int]


async def ends_of(bootstrap: str, names: Iterable[str]) -> Offsets:
    """The end offset of each partition of the topics: the offset that the next record gets."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        partitions = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
        return dict(await consumer.end_offsets(partitions))
    finally:
        await consumer.stop()
