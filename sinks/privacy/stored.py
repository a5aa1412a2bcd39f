"""Whether the tables have what is on the topics."""

import asyncio
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from schemas.kafka.client_options import client_options, consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.topics import with_prefix
from sinks.clickhouse.topic_writer import stored_topics

LOOK_S: Final = 0.2
LOOK_MS: Final = 200
LOOKS: Final = 10


class Stored:
    """Compares the topics with what all sinks have committed. :param group: of the sinks, without the prefix."""

    def __init__(self, kafka: Kafka, group: str) -> None:
        self._kafka = kafka
        self._group = group

    async def wait(self, limit_s: float | None = None) -> bool:
        """Waits until the tables have all that is on the topics now, at most ``limit_s``; says whether they have.

        :raises KafkaError: Kafka is away.
        """
        consumer = AIOKafkaConsumer(
            **consumer_options(self._kafka), isolation_level="read_committed", enable_auto_commit=False
        )
        admin = AIOKafkaAdminClient(**client_options(self._kafka))
        until = None if limit_s is None else asyncio.get_running_loop().time() + limit_s
        try:
            await consumer.start()
            await admin.start()
            ends = await _ends(consumer)
            while not await self._are_stored(admin, consumer, ends):
                if until is not None and asyncio.get_running_loop().time() >= until:
                    return False
                await asyncio.sleep(LOOK_S)
            return True
        finally:
            await admin.close()
            await consumer.stop()

    async def _are_stored(
        self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]
    ) -> bool:
        try:
            committed = await admin.list_consumer_group_offsets(with_prefix(self._group))
        except GroupCoordinatorNotAvailableError:  # a broker that has just started
            return False
        behind = {
            place: committed[place].offset if place in committed else 0
            for place, end in ends.items()
            if place not in committed or committed[place].offset < end
        }
        return not behind or await _is_nothing(consumer, behind, ends)


async def _is_nothing(
    consumer: AIOKafkaConsumer, behind: dict[TopicPartition, int], ends: dict[TopicPartition, int]
) -> bool:
    """Whether there are only the markers of transactions from these offsets to the ends: no record is to be stored."""
    consumer.assign(list(behind))
    for place, offset in behind.items():
        consumer.seek(place, offset)
    try:
        for _ in range(LOOKS):
            if not any([await consumer.position(place) < ends[place] for place in behind]):
                return True
            found = await consumer.getmany(timeout_ms=LOOK_MS)
            if any(record.offset < ends[place] for place, records in found.items() for record in records):
                return False
        return False
    finally:
        consumer.unsubscribe()


async def _ends(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    places = []
    for topic in stored_topics():
        await consumer._client.add_topic(topic.name)
        places += [TopicPartition(topic.name, number) for number in consumer.partitions_for_topic(topic.name) or ()]
    found: dict[TopicPartition, int] = await consumer.end_offsets(places)
    begins = await consumer.beginning_offsets(places)
    return {place: end for place, end in found.items() if end > begins[place]}
