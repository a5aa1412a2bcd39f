"""What every process of a deployment must agree on, as the topic deployment-configured states it: the identifier key,
by a fingerprint. A gateway with another key would make strangers of everybody."""

import asyncio
import hmac
import time
from hashlib import sha256

from aiokafka import AIOKafkaProducer

from schemas.codec.avro import Codec
from schemas.events import DeploymentConfigured
from schemas.identifiers.keys import IdentifierKeys, Key, keys_of
from schemas.ids import derived
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import CompactedReader
from schemas.kafka.partitioner import partition_of
from schemas.process.errors import OperatorError
from schemas.process.shared_settings import IDENTIFIER_KEY_FILE
from schemas.topics import DEPLOYMENT_CONFIGURED, with_prefix

SETTING = IDENTIFIER_KEY_FILE.name
TRANSACTIONAL_ID = "footpath-deployment"


class OtherKeyError(OperatorError):
    """This process has another identifier key than its deployment; the message names the setting."""


def fingerprint_of(key: bytes) -> str:
    """64 bits of a keyed hash: equal for equal keys, and no help to find the key."""
    return hmac.digest(key, b"footpath identifier key", sha256)[:8].hex()


def fingerprints_of(keys: IdentifierKeys) -> str:
    """The fingerprints of all keys, with a blank between them, the newest last."""
    return " ".join(map(fingerprint_of, keys.by_id.values()))


async def check_key(kafka: Kafka, codec: Codec, key: Key) -> None:
    """Whether the deployment has this identifier key, or one of these; where none is stated yet, these become its own.

    Whose newest key is not stated yet, and another one is, adds it: the deployment changes its key, and accepts both
    until :func:`accept_key` ends that.

    :raises OtherKeyError: it has none of them. :raises KafkaError: no broker answers, or another process has just
        stated one: call this again.
    """
    keys = keys_of(key)
    own = fingerprints_of(keys)
    stated = (await read_stated(kafka, codec)).get(SETTING) or await _state(kafka, codec, own)
    if not set(own.split()) & set(stated.split()):
        raise OtherKeyError(
            f"{SETTING}: this key has the fingerprint {own}, and that of the deployment is {stated}: every identifier "
            "would be unknown. Use the deployment's key; who replaces it on purpose runs "
            "`footpath deployment accept-key` first"
        )
    if fingerprint_of(keys.newest) not in stated.split():
        await _state(kafka, codec, " ".join(dict.fromkeys((*stated.split(), *own.split()))), instead_of=stated)


async def read_stated(kafka: Kafka, codec: Codec) -> dict[str, str]:
    """The fingerprints by setting, as they are stated now. :raises KafkaError: no broker answers."""
    stated: dict[str, str] = {}

    def apply(event: DeploymentConfigured) -> None:
        stated[event.setting] = event.fingerprint

    reader = CompactedReader(kafka, DEPLOYMENT_CONFIGURED, codec, apply)
    reading, caught_up = asyncio.create_task(reader.run()), asyncio.create_task(reader.caught_up.wait())
    try:
        await asyncio.wait({reading, caught_up}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()
        return stated
    finally:
        reading.cancel()
        caught_up.cancel()
        await asyncio.wait({reading, caught_up})


async def accept_key(kafka: Kafka, codec: Codec, key: Key) -> str:
    """States these keys as the deployment's, whatever was stated before, which is returned (empty: nothing)."""
    before = (await read_stated(kafka, codec)).get(SETTING, "")
    await _state(kafka, codec, fingerprints_of(keys_of(key)), instead_of=before)
    return before


async def _state(kafka: Kafka, codec: Codec, fingerprint: str, instead_of: str = "") -> str:
    """States the fingerprints unless others than ``instead_of`` are stated; returns what is stated then.

    Of several processes that do so at once, one writes: from the start of its producer on, the broker refuses what
    another one with the same transactional id still writes, and only then it reads whether there is one.
    """
    async with AIOKafkaProducer(**client_options(kafka), transactional_id=with_prefix(TRANSACTIONAL_ID)) as producer:
        stated = (await read_stated(kafka, codec)).get(SETTING, "")
        if stated != instead_of:
            return stated
        event = DeploymentConfigured(
            event_id=derived("deployment", SETTING, fingerprint),
            occurred_at=time.time_ns() // 1000,
            setting=SETTING,
            fingerprint=fingerprint,
        )
        topic, key, value, headers = codec.record(event)
        partition = partition_of(key.decode(), len(await producer.partitions_for(topic.name)))
        async with producer.transaction():
            await (await producer.send(topic.name, value, key, partition=partition, headers=headers))
        return fingerprint
