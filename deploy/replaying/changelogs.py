"""What a processor's group has done so far: its changelog, its committed offsets, whether anybody is at work."""

from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.errors import Refused
from deploy.replaying.reading import runs
from processors.shell.changelog import WATERMARK, restore
from processors.shell.store import RocksStore

Offsets = dict[TopicPartition, int]


async def members_of(kafka: str, group: str) -> int:
    """How many workers the group has."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    try:
        await admin.start()
        (answer,) = await admin.describe_consumer_groups([group])
        (described,) = answer.groups
        _, _, _, _, _, members, *_ = described
        return len(members)
    except KafkaError as error:
        raise Refused(f"FOOTPATH_KAFKA={kafka} does not say who is in the group {group}: {error}") from error
    finally:
        await admin.close()


async def committed_by(kafka: str, group: str) -> Offsets:
    """The next offset of every partition that the group has read from."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    try:
        await admin.start()
        return {place: one.offset for place, one in (await admin.list_consumer_group_offsets(group)).items()}
    except KafkaError as error:
        raise Refused(f"FOOTPATH_KAFKA={kafka} does not say how far {group} is: {error}") from error
    finally:
        await admin.close()


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
