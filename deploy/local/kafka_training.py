"""The workload under which Kafka's AOT cache is trained: what scans make a broker do.

The cache contains method profiles (JEP 515, Ahead-of-Time Method Profiling): a broker that starts with it compiles the
code of small requests at once instead of after minutes of scans.
"""

import asyncio
import contextlib
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

TOPIC, GROUP, PARTITIONS = "training", "training", 4
VALUE = bytes(300)


async def run_workload(bootstrap: str, seconds: float) -> None:
    """Sends and fetches small records, one at a time and several at once, and commits transactions, for ``seconds``.

    :raises OSError: the broker refuses a request.
    """
    end = time.monotonic() + seconds
    try:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
        await admin.close()
        async with asyncio.TaskGroup() as clients:
            for partition in range(PARTITIONS):
                clients.create_task(_echo(bootstrap, partition, end))
            clients.create_task(_commit(bootstrap, end))
            clients.create_task(_consume(bootstrap, end))
    except (KafkaError, ExceptionGroup) as error:
        raise OSError(f"the broker refuses the training workload: {error}") from error


async def _echo(bootstrap: str, partition: int, end: float) -> None:
    """The gateway's part: produces a record and fetches it."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    here = TopicPartition(TOPIC, partition)
    async with producer, consumer:
        consumer.assign([here])
        await consumer.seek_to_end(here)
        await consumer.position(here)
        while time.monotonic() < end:
            await producer.send_and_wait(TOPIC, VALUE, key=b"key", partition=partition)
            await consumer.getmany(timeout_ms=100)


async def _commit(bootstrap: str, end: float) -> None:
    """A worker's part: records and offsets in one transaction."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=GROUP) as producer:
        offset = 0
        while time.monotonic() < end:
            offset += 1
            async with producer.transaction():
                await producer.send_and_wait(TOPIC, VALUE, partition=0)
                await producer.send_offsets_to_transaction(
                    {TopicPartition(TOPIC, 0): OffsetAndMetadata(offset, "")}, GROUP
                )
            await asyncio.sleep(0.02)


async def _consume(bootstrap: str, end: float) -> None:
    """The sink's part: a group member that reads committed records and commits offsets."""
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=bootstrap,
        group_id=f"{GROUP}-reader",
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with consumer:
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await consumer.getmany(timeout_ms=100)
                    await consumer.commit()
