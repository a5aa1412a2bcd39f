"""Where topics end, for tests that look at what came after."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import PARTITIONS

Places = dict[TopicPartition, int]


async def ends_of(bootstrap: str, names: Iterable[str]) -> Places:
    """The next offset of each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        places = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
        return dict(await consumer.end_offsets(places))
    finally:
        await consumer.stop()
