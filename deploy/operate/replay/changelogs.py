"""What a processor has done so far, by its changelog."""

from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.operate.replay.groups import Offsets
from deploy.operate.replay.topic_reader import batches
from processors.shell.state.changelog import WATERMARK, restore
from processors.shell.state.store import RocksStore
from schemas.kafka.client_settings import Kafka


async def read_changelogs(kafka: Kafka, processor: str, partitions: int, folder: Path) -> list[RocksStore]:
    """The state as workers would restore it, one store a partition."""
    stores = [RocksStore(folder / str(number)) for number in range(partitions)]
    for number, store in enumerate(stores):
        await restore(kafka, processor, number, store)
    return stores


def next_offset(store: RocksStore, source: TopicPartition, committed: Offsets) -> int:
    """The first offset of a source partition that the state does not contain.

    The watermark in the changelog is written in the transaction of the state itself; where the watermark is lost, the
    group's committed offset counts.
    """
    watermark = store.get(WATERMARK + source.topic.encode())
    return int(watermark) + 1 if watermark is not None else committed.get(source, 0)


async def count_between(consumer: AIOKafkaConsumer, starts: Offsets, ends: Offsets) -> int:
    """Records between the offsets; transaction markers are not counted."""
    count = 0
    async for _, records in batches(consumer, ends, starts):
        count += len(records)
    return count
