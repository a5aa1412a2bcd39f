"""Changed guards, applied to the people who exist: a signal to each identifier with an edge that guards refused, and to
each device whose browser's word counts otherwise now.

Without it new guards count from the next event of a person on.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from uuid import uuid4

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from deploy.operate.identity.people import People
from deploy.operate.send_event import send_event
from processors.identity.signals import LimitsChanged
from schemas.codec.avro import Codec
from schemas.events import IdentitySignalled
from schemas.ids import derived
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.process.errors import OperatorError
from schemas.topics import IDENTITY_SIGNALLED

KIND = str(LimitsChanged.__struct_config__.tag)


def recheck(kafka: Kafka, environ: Mapping[str, str], codec: Codec, brand: str = "", gpc: bool = True) -> str:
    """Applies the guards to what they refused so far, and says so. Blocks. Other parameters as of `publish_limits`.

    :param gpc: whether also to what Global Privacy Control may refuse.
    :raises OperatorError: ClickHouse or Kafka does not answer or refuses.
    """
    with People.connect(environ) as people:
        identifiers = dict.fromkeys(people.refused_identifiers())
        if gpc:
            identifiers |= dict.fromkeys(people.signalled_devices())
    count = asyncio.run(publish_limits(kafka, codec, identifiers, brand))
    return f"guards: {count} identifiers are checked again"


async def publish_limits(kafka: Kafka, codec: Codec, identifiers: Iterable[str], brand: str = "") -> int:
    """Sends the signals and returns their number.

    :param kafka: ``host:port[,host:port]``. :param brand: the version that a worker must have before it applies its
        guards; empty for the one that it has.
    :raises OperatorError: Kafka does not answer or refuses.
    """
    producer = AIOKafkaProducer(**client_options(kafka), acks="all", enable_idempotence=True)
    run, now, sent = str(uuid4()), time.time_ns() // 1000, []
    try:
        await producer.start()
        try:
            partitions = len(await producer.partitions_for(IDENTITY_SIGNALLED.name))
            for identifier in identifiers:
                sent.append(await send_event(producer, codec, signal(identifier, brand, run, now), partitions))
            await producer.flush()
        finally:
            await producer.stop()
    except (KafkaError, OSError) as error:
        raise OperatorError(f"FOOTPATH_KAFKA={kafka} does not answer or refuses: {error!r}") from error
    return len([await one for one in sent])


def signal(identifier: str, brand: str, run: str, now: int) -> IdentitySignalled:
    """The signal to one identifier; ``run`` distinguishes repeated commands, ``now`` is in microseconds."""
    event_id = derived("limits", run, identifier)
    return IdentitySignalled(
        event_id=event_id,
        occurred_at=now,
        kind=KIND,
        identifier=identifier,
        body=msgspec.msgpack.encode(LimitsChanged(identifier, brand)),
        source_event_id=event_id,
    )
