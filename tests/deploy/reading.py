"""What a gateway has published: all of it, or what came after a moment."""

import asyncio
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import Codec
from schemas.topics import PARTITIONS, Topic
from tests.deploy.gateways import Gateway
from tests.topics import Places, ends_of

CODEC = Codec()


def ends(gateway: Gateway, *topics: Topic) -> Places:
    """Where the topics end: before it is what other tests left."""
    return asyncio.run(ends_of(gateway.kafka, [topic.name for topic in topics]))


def read(gateway: Gateway, topic: Topic, sources: Collection[str], starts: Places | None = None) -> list[Any]:
    """The topic's events of these sources.

    :param starts: where to begin; by default at its beginning.
    """

    async def collect() -> list[Any]:
        consumer = AIOKafkaConsumer(bootstrap_servers=gateway.kafka)
        await consumer.start()
        try:
            partitions = [TopicPartition(topic.name, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            for partition, first in (await consumer.beginning_offsets(partitions)).items():
                consumer.seek(partition, (starts or {}).get(partition, first))
            last, found = await consumer.end_offsets(partitions), []
            while any([await consumer.position(partition) < end for partition, end in last.items()]):
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found += [CODEC.of(topic).decode(record.value) for record in records]
            return [event for event in found if getattr(event, "source", "") in sources]
        finally:
            await consumer.stop()

    return asyncio.run(collect())
