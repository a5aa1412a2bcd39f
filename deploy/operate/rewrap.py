"""Wraps the data keys of contacts by the newest master key, and removes those that no contact uses any more.

Several gateways, and one that starts again, may each make a key for the same contact; the last record of the contact
names the one that counts. A key is unused when another is named and it is older than a day: by then its own record of
the contact has long come, or been replaced.
"""

import time
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas.codec.avro import Codec, Undecodable
from schemas.contacts.protection import contact_key
from schemas.contacts.wrapping import MasterKeys, master_of
from schemas.events import ContactKeyCreated, ContactRecorded
from schemas.kafka.client_options import client_options, consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import partitions_of_topic
from schemas.protection.cipher import Damaged
from schemas.protection.keys import KeyDestroyed
from schemas.topics import CONTACT_KEY_CREATED, CONTACT_RECORDED, DAY_US

RECORDS_AT_ONCE: Final = 1000


class Rewrapped(NamedTuple):
    """How many data keys: wrapped anew, wrapped by the newest key before, removed, of a key that is not there."""

    rewrapped: int = 0
    kept: int = 0
    removed: int = 0
    lost: int = 0


async def rewrap(kafka: Kafka, codec: Codec, keys: MasterKeys) -> Rewrapped:
    """Partition by partition, so that only one is in memory. :raises KafkaError: no broker answers."""
    total = Rewrapped()
    async with (
        AIOKafkaConsumer(**consumer_options(kafka), enable_auto_commit=False, auto_offset_reset="earliest") as consumer,
        AIOKafkaProducer(**client_options(kafka), acks="all") as producer,
    ):
        for partition in await partitions_of_topic(consumer, CONTACT_KEY_CREATED):
            of_contacts = TopicPartition(CONTACT_RECORDED.name, partition.partition)
            contacts = await _read(consumer, of_contacts, codec)
            data_keys = await _read(consumer, partition, codec)
            done = await _rewrap_partition(producer, partition, contacts, data_keys, codec, keys)
            total = Rewrapped(*(sum(both) for both in zip(total, done, strict=True)))
    return total


async def _rewrap_partition(
    producer: AIOKafkaProducer,
    partition: TopicPartition,
    contacts: dict[str, ContactRecorded],
    data_keys: dict[str, ContactKeyCreated],
    codec: Codec,
    keys: MasterKeys,
) -> Rewrapped:
    rewrapped = kept = removed = lost = 0
    now = time.time_ns() // 1000
    for topic_key, data_key in data_keys.items():
        value: bytes | None = None
        contact = contacts.get(data_key.identifier)
        if contact is not None and contact.key_id != data_key.key_id and data_key.occurred_at < now - DAY_US:
            removed += 1
        elif master_of(data_key.wrapped) == keys.newest_id:
            kept += 1
            continue
        else:
            context = contact_key(data_key.identifier, data_key.key_id).encode()
            try:
                wrapped = keys.wrap(keys.unwrap(data_key.wrapped, context), context)
            except (KeyDestroyed, Damaged):
                lost += 1
                continue
            value = codec.of(CONTACT_KEY_CREATED).encode(msgspec.structs.replace(data_key, wrapped=wrapped))
            rewrapped += 1
        await producer.send(partition.topic, value, topic_key.encode(), partition.partition)
    await producer.flush()
    return Rewrapped(rewrapped, kept, removed, lost)


async def _read(consumer: AIOKafkaConsumer, partition: TopicPartition, codec: Codec) -> dict[str, Any]:
    """What a partition holds now: the last event of each key that has no tombstone."""
    events: dict[str, Any] = {}
    consumer.assign([partition])
    end = (await consumer.end_offsets([partition]))[partition]
    await consumer.seek_to_beginning(partition)
    decode = codec.of(CONTACT_RECORDED if partition.topic == CONTACT_RECORDED.name else CONTACT_KEY_CREATED).decode
    while await consumer.position(partition) < end:
        for records in (await consumer.getmany(timeout_ms=1000, max_records=RECORDS_AT_ONCE)).values():
            for record in records:
                key = record.key.decode()
                events.pop(key, None)
                try:
                    if record.value is not None:
                        events[key] = decode(record.value)
                except Undecodable:
                    continue
    return events
