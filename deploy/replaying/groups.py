"""Consumer groups: how many are at work, and how far they have come."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.errors import Refused

Offsets = dict[TopicPartition, int]


async def members_of(kafka: str, group: str) -> int:
    """How many workers the group has."""
    async with _asking(kafka, f"who is in the group {group}") as admin:
        (answer,) = await admin.describe_consumer_groups([group])
        (described,) = answer.groups
        _, _, _, _, _, members, *_ = described
        return len(members)


async def committed_by(kafka: str, group: str) -> Offsets:
    """The next offset of every partition that the group has read from."""
    async with _asking(kafka, f"how far {group} is") as admin:
        return {place: one.offset for place, one in (await admin.list_consumer_group_offsets(group)).items()}


@asynccontextmanager
async def _asking(kafka: str, what: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise Refused(f"FOOTPATH_KAFKA={kafka} does not say {what}: {error}") from error
    finally:
        await admin.close()
