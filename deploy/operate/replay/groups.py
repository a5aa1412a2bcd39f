"""Consumer groups: how many members they have, and their committed offsets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.process.errors import OperatorError

Offsets = dict[TopicPartition, int]


async def member_count(kafka: Kafka, group: str) -> int:
    """Number of running members of the group. :raises OperatorError: Kafka does not answer."""
    async with _admin_client(kafka, f"the members of the group {group}") as admin:
        (answer,) = await admin.describe_consumer_groups([group])
        (described,) = answer.groups
        _, _, _, _, _, members, *_ = described
        return len(members)


async def committed_offsets(kafka: Kafka, group: str) -> Offsets:
    """The next offset of every partition of which the group has committed one. :raises OperatorError: as above."""
    async with _admin_client(kafka, f"the committed offsets of the group {group}") as admin:
        return {partition: one.offset for partition, one in (await admin.list_consumer_group_offsets(group)).items()}


@asynccontextmanager
async def _admin_client(kafka: Kafka, question: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**client_options(kafka))
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise OperatorError(f"FOOTPATH_KAFKA={kafka} does not give {question}: {error}") from error
    finally:
        await admin.close()
