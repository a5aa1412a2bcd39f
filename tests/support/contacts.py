"""What two topics hold of contacts, as the process that delivers will read it; and the end of a person."""

import time
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.operate.key_files import add_key
from schemas.codec.avro import Codec
from schemas.contacts.book import ContactBook
from schemas.contacts.wrapping import KeyWrapper
from schemas.events import ProfileErased
from schemas.ids import person_of
from schemas.kafka.partitioner import partition_of
from schemas.process.shared_settings import CONTACT_KEY_FILE
from schemas.topics import CONTACT_KEY_CREATED, CONTACT_RECORDED, Topic

CODEC = Codec()


def write_contact_keys(folder: Path) -> Path:
    """A file with one master key."""
    file = folder / "contact.keys"
    add_key(file, CONTACT_KEY_FILE.name)
    return file


async def records(bootstrap: str, topic: Topic) -> list[tuple[str, bytes | None]]:
    """Key and value of all records of a topic, in the order of each partition."""
    found: list[tuple[str, bytes | None]] = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        await consumer._client.force_metadata_update()
        partitions = [TopicPartition(topic.name, n) for n in sorted(consumer.partitions_for_topic(topic.name) or ())]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=100)).values():
                found += [((record.key or b"").decode(), record.value) for record in batch]
    return found


async def read_book(bootstrap: str, wrapper: KeyWrapper) -> ContactBook:
    """Everything that the topics hold now."""
    book = ContactBook(wrapper)
    for key, value in await records(bootstrap, CONTACT_KEY_CREATED):
        if value is None:
            book.remove_key(key)
        else:
            book.take_key(CODEC.of(CONTACT_KEY_CREATED).decode(value))
    for key, value in await records(bootstrap, CONTACT_RECORDED):
        if value is None:
            book.remove_contact(key)
        else:
            book.take_contact(CODEC.of(CONTACT_RECORDED).decode(value))
    return book


async def bring_again(bootstrap: str, identifier: str) -> None:
    """The records about an identifier once more, as a gateway sends them late out of its spool."""
    late = [
        (topic, *record)
        for topic in (CONTACT_KEY_CREATED, CONTACT_RECORDED)
        for record in await records(bootstrap, topic)
    ]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for topic, key, value in late:
            if value is not None and key.partition("/")[0] == identifier:
                partition = partition_of(identifier, len(await producer.partitions_for(topic.name)))
                await producer.send_and_wait(topic.name, value, key.encode(), partition)


async def erase(bootstrap: str, *identifiers: str) -> None:
    """What identity publishes of erased identifiers."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for identifier in identifiers:
            person = person_of(identifier)
            event = ProfileErased(
                event_id=f"erased {identifier}",
                request_id="request",
                person_id=person,
                source_profile_id=person,
                identifier=identifier,
                occurred_at=time.time_ns() // 1000,
            )
            topic, key, value, headers = CODEC.record(event)
            partition = partition_of(person, len(await producer.partitions_for(topic.name)))
            await producer.send_and_wait(topic.name, value, key, partition, headers=headers)
