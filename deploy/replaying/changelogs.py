"""What a processor has done so far, by its changelog."""

from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.replaying.groups import Offsets
from deploy.replaying.reading import runs
from processors.shell.changelog import WATERMARK, restore
from processors.shell.store import RocksStore


async def read_changelogs(kafka: str, processor: str, partitions: int, folder: Path) -> list[RocksStore]:
    """The state as workers would restore it, one store a partition."""
    stores = [RocksStore(folder / str(number)) for number in range(partitions)]
    for number, store in enumerate(stores):
        await restore(kafka, processor, number, store)
    return stores


def taken(store: RocksStore, topic: str, partition: int, committed: Offsets) -> int:
    """The next offset of a source that the state of a partition does not contain. The changelog says so in the
    transaction of the state itself; where it is lost, what the group has committed counts."""
    mark = store.get(WATERMARK + topic.encode())
    return int(mark) + 1 if mark is not None else committed.get(TopicPartition(topic, partition), 0)


async def count_between(consumer: AIOKafkaConsumer, starts: Offsets, ends: Offsets) -> int:
    """Records that a reader is shown; ends of transactions are none."""
    count = 0
    async for _, records in runs(consumer, ends, starts):
        count += len(records)
    return count
