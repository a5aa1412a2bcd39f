"""What was destroyed of a contact is gone from the brokers' disks, not from what they show alone."""

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from deploy.setup import topics
from deploy.setup.topics import topic_specs
from gateway.identifiers.contacts import Contacts
from gateway.identifiers.erased import ErasedContacts
from schemas.contacts.protection import ProtectedContact, protect_contact
from schemas.contacts.wrapping import MasterKeys
from schemas.identifiers.dead import NOBODY_DEAD
from schemas.kafka.partitioner import partition_of
from schemas.topics import CONTACT_KEY_CREATED, CONTACT_RECORDED, PARTITIONS
from tests.support.contacts import CODEC, write_contact_keys
from tests.support.gateway_process import wait_until
from tests.support.servers import KafkaServer, start_kafka

pytestmark = pytest.mark.usefixtures("long_form")
WITHIN_MS = 8_000
ANNA, BEN = f"email:{'a' * 32}", f"email:{'b' * 32}"


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[KafkaServer]:
    """A Kafka that looks for what is to be compacted every second, with a day made short."""
    server = start_kafka(
        tmp_path / "kafka",
        log_cleaner_backoff_ms=500,
        log_segment_delete_delay_ms=500,
        log_cleaner_min_compaction_lag_ms=0,
    )
    shortened = [
        dataclasses.replace(spec, settings={**spec.settings, **topics._destroyed(WITHIN_MS)})
        if spec.name in (CONTACT_RECORDED.name, CONTACT_KEY_CREATED.name)
        else spec
        for spec in topic_specs(PARTITIONS, 1)
    ]
    with patch.object(topics, "topic_specs", lambda *_: shortened):
        topics.apply(server.bootstrap)
    yield server
    server.stop()


async def test_a_destroyed_key_and_its_contact_leave_the_disk(brokers: KafkaServer, tmp_path: Path) -> None:
    keys = MasterKeys(write_contact_keys(tmp_path))
    anna, ben = (protect_contact(one, "somebody@mail.example", keys, 1) for one in (ANNA, BEN))
    assert anna is not None and ben is not None
    of_anna = (anna.key.wrapped, anna.contact.protected)
    eraser = ErasedContacts(brokers.bootstrap, _no_contacts(), NOBODY_DEAD, asyncio.Event())
    async with AIOKafkaProducer(bootstrap_servers=brokers.bootstrap) as producer:
        for contact in (anna, ben):
            await _publish(producer, contact)
        assert all(_is_on_disk(tmp_path / "kafka", part) for part in of_anna)
        partition = partition_of(ANNA, PARTITIONS)
        await producer.send_and_wait(CONTACT_RECORDED.name, None, ANNA.encode(), partition)
        await producer.send_and_wait(CONTACT_KEY_CREATED.name, None, anna.key.event_id.encode(), partition)
    partitions = [
        TopicPartition(topic.name, number)
        for topic in (CONTACT_RECORDED, CONTACT_KEY_CREATED)
        for number in range(PARTITIONS)
    ]

    async def is_gone() -> bool:
        await eraser._roll(partitions)
        await asyncio.sleep(WITHIN_MS / 8000)
        return not any(_is_on_disk(tmp_path / "kafka", part) for part in of_anna)

    await wait_until(is_gone)
    assert _is_on_disk(tmp_path / "kafka", ben.key.wrapped) and _is_on_disk(tmp_path / "kafka", ben.contact.protected)


def _no_contacts() -> Contacts:
    return object.__new__(Contacts)


async def _publish(producer: AIOKafkaProducer, contact: ProtectedContact) -> None:
    for event in contact:
        topic, key, value, headers = CODEC.record(event)
        partition = partition_of(event.identifier, PARTITIONS)
        await producer.send_and_wait(topic.name, value, key, partition, headers=headers)


def _is_on_disk(folder: Path, part: bytes) -> bool:
    return any(part in file.read_bytes() for file in folder.rglob("*.log*") if file.is_file())
