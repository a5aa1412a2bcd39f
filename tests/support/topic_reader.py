"""Events that a gateway has published, from the start of a topic or from given offsets."""

import asyncio
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec.avro import Codec
from schemas.topics import PARTITIONS, Topic
from tests.support.demo_gateway import DemoGateway
from tests.support.topic_ends import Offsets, ends_of

CODEC = Codec(protect=bytes)


def ends(gateway: DemoGateway, *topics: Topic) -> Offsets:
    """End offsets of the topics, to skip the events of other tests."""
    return asyncio.run(ends_of(gateway.kafka, [topic.name for topic in topics]))


def read(gateway: DemoGateway, topic: Topic, sources: Collection[str], starts: Offsets | None = None) -> list[Any]:
    """The topic's events whose field ``source`` is one of ``sources``.

    :param starts: first offset of each partition; by default the beginning.
    """
    return [event for event in read_events(gateway.kafka, topic, starts) if getattr(event, "source", "") in sources]


def read_events(bootstrap: str, topic: Topic, starts: Offsets | None = None) -> list[Any]:
    """All events that the topic has now, those of a partition in their order."""

    async def collect() -> list[Any]:
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
        await consumer.start()
        try:
            partitions = [TopicPartition(topic.name, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            for partition, first in (await consumer.beginning_offsets(partitions)).items():
                consumer.seek(partition, (starts or {}).get(partition, first))
            last, found = await consumer.end_offsets(partitions), []
            while any([await consumer.position(partition) < end for partition, end in last.items()]):
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found += [CODEC.of(topic).decode(record.value) for record in records if record.value is not None]
            return found
        finally:
            await consumer.stop()

    return asyncio.run(collect())
