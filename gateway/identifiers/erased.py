"""Destroys the contacts of people who are erased: tombstones for their data keys and for what these protect.

It is told who is erased, and follows the topic of the data keys with all that is in it. A key of an erased identifier
that has no tombstone gets one, whether it was there before, comes later from the spool of another gateway, or a gateway
ended before it had written the tombstone. Every gateway does so: tombstones may be written twice.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from gateway.identifiers.contacts import Contacts
from gateway.identifiers.destroying import KeysToDestroy, identifier_of
from schemas.identifiers.dead import Dead
from schemas.kafka.client_options import client_options, consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import partitions_of_topic
from schemas.kafka.partitioner import partition_of
from schemas.topics import CONTACT_KEY_CREATED, CONTACT_RECORDED, Topic

log = logging.getLogger(__name__)
RETRY_AFTER_S = 5.0
WAIT_MS, IDLE_WAIT_MS = 500, 2_000
"""How long a turn of the loop waits for records, and a fetch where none come."""
RECORDS_AT_ONCE = 500
ROLL_AFTER_S = 3600.0
"""How often a partition gets a record for what its topic's ``segment.ms`` needs, once anybody was erased."""
LATEST_CONTACTS = 100_000
"""Of the contacts that are there at the start, how many are remembered as kept."""
ROLLING: Final = "rolling"
"""Key of the tombstones that make the brokers begin another segment, so that they compact the one before it."""


class ErasedContacts:
    """Made once; the application runs :meth:`run`.

    :param dead: the dead identifiers, of which :meth:`on_erased` tells what they grow by; ``known`` is set once all
        are there.
    """

    def __init__(self, kafka: Kafka, contacts: Contacts, dead: Dead, known: asyncio.Event) -> None:
        self._kafka = kafka
        self._contacts = contacts
        self._dead = dead
        self._known = known
        self._keys = KeysToDestroy()
        self._read_again: set[str] = set()

    def on_erased(self, identifier: str) -> None:
        """An identifier is dead: what is kept of its value is destroyed from now on."""
        self._contacts.forget(identifier)
        if self._keys.add_dead(identifier):
            self._read_again.add(identifier)

    async def run(self) -> None:
        """Until cancelled; a lost broker is waited for."""
        await self._known.wait()
        for identifier in list(self._dead):
            self.on_erased(identifier)
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError) as error:
                log.warning("the keys of contacts cannot be followed: %s", type(error).__name__)
            await asyncio.sleep(RETRY_AFTER_S)

    async def _follow(self) -> None:
        """:raises KafkaError: a broker is lost."""
        consumer = AIOKafkaConsumer(
            **consumer_options(self._kafka),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=IDLE_WAIT_MS,
        )
        await consumer.start()
        try:
            keys = await partitions_of_topic(consumer, CONTACT_KEY_CREATED)
            contacts = await partitions_of_topic(consumer, CONTACT_RECORDED)
            consumer.assign([*keys, *contacts])
            await self._seek(consumer, keys, contacts)
            rolled_s = time.monotonic()
            while True:
                await self._take(consumer)
                if self._read_again:
                    await consumer.seek_to_beginning(*self._partitions_to_read_again(keys))
                if self._keys.found() and not await _is_behind(consumer, keys):
                    await self._destroy()
                    rolled_s = time.monotonic()
                elif self._keys.has_dead and time.monotonic() - rolled_s > ROLL_AFTER_S:
                    await self._roll([*keys, *contacts])
                    rolled_s = time.monotonic()
        finally:
            await consumer.stop()

    async def _seek(
        self, consumer: AIOKafkaConsumer, keys: list[TopicPartition], contacts: list[TopicPartition]
    ) -> None:
        """Of the keys all are read, unless nobody is erased; of the contacts the latest."""
        self._read_again.clear()
        await (consumer.seek_to_beginning if self._keys.has_dead else consumer.seek_to_end)(*keys)
        begins, ends = await consumer.beginning_offsets(contacts), await consumer.end_offsets(contacts)
        for partition in contacts:
            consumer.seek(partition, max(begins[partition], ends[partition] - LATEST_CONTACTS // len(contacts)))

    async def _take(self, consumer: AIOKafkaConsumer) -> None:
        fetched = await consumer.getmany(timeout_ms=WAIT_MS, max_records=RECORDS_AT_ONCE)
        for partition, records in fetched.items():
            for record in records:
                key = (record.key or b"").decode(errors="replace")
                if partition.topic == CONTACT_KEY_CREATED.name:
                    self._keys.take(partition.partition, key, record.value is None)
                elif record.value is None:
                    self._contacts.forget(key)
                else:
                    self._contacts.remember(key)
        await asyncio.sleep(0)

    def _partitions_to_read_again(self, keys: list[TopicPartition]) -> list[TopicPartition]:
        numbers = {partition_of(identifier, len(keys)) for identifier in self._read_again}
        self._read_again.clear()
        return [partition for partition in keys if partition.partition in numbers]

    async def _destroy(self) -> None:
        """Writes the tombstones. That of a contact comes first: once the key has one, nothing names the contact."""
        async with AIOKafkaProducer(**client_options(self._kafka), acks="all") as producer:
            for partition, keys in self._keys.found().items():
                for identifier in dict.fromkeys(map(identifier_of, keys)):
                    await _tombstone(producer, CONTACT_RECORDED, partition, identifier)
                for key in keys:
                    await _tombstone(producer, CONTACT_KEY_CREATED, partition, key)
                    self._keys.destroyed(partition, key)
                log.info("keys of contacts that are destroyed: %d", len(keys))

    async def _roll(self, partitions: Iterable[TopicPartition]) -> None:
        """The brokers compact a segment once another one was begun, which they do when a record comes: without one a
        destroyed key would stay on the disk of a partition where nothing happens."""
        async with AIOKafkaProducer(**client_options(self._kafka), acks="all") as producer:
            for partition in partitions:
                await producer.send_and_wait(partition.topic, None, ROLLING.encode(), partition.partition)


async def _tombstone(producer: AIOKafkaProducer, topic: Topic, partition: int, key: str) -> None:
    await producer.send_and_wait(topic.name, None, key.encode(), partition)


async def _is_behind(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> bool:
    """Whether there are records that were not read: a tombstone may be among them."""
    ends = await consumer.end_offsets(partitions)
    return any([await consumer.position(partition) < ends[partition] for partition in partitions])
