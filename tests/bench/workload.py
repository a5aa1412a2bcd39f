"""Deterministic scans of the demo brand's tags, and their records for Kafka or a stream task."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from deploy.local.settings import DEMO_BRAND
from schemas.brand.load import load
from schemas.brand.model import Brand, Tag
from schemas.codec.avro import Codec
from schemas.events import Event, TouchpointIdentified, TouchpointRecorded
from schemas.ids import derived, person_of
from schemas.kafka.partitioner import partition_of
from schemas.topics import PARTITIONS
from tests.bench.baselines.row_batches import Row

CODEC = Codec()
NOON_US = 1_772_449_200_000_000
"""Monday 2 March 2026, 11:00 UTC: stores are open."""


@dataclass
class Record:
    """The fields of a Kafka record that a stream task reads."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


def demo_brand() -> Brand:
    return load(DEMO_BRAND)


def primary_identifier(person: int) -> str:
    """The device identifier of a person by number."""
    return f"device:{derived('bench device', str(person)).replace('-', '')}"


def scan(number: int, person: int, tag: Tag, brand: str) -> TouchpointIdentified:
    """The scan with this number by the person; event times are a second apart within six hours."""
    identifier = primary_identifier(person)
    at = NOON_US + number * 1_000_000 % (6 * 3_600_000_000)
    return TouchpointIdentified(
        event_id=derived("bench scan", str(number)),
        type=tag.trigger,
        occurred_at=at,
        received_at=at,
        source="scan",
        primary_identifier=identifier,
        identifiers=(identifier,),
        brand=brand,
        store=tag.store,
        tag=tag.id,
        placement=tag.placement,
        zone=tag.zone,
        product=tag.product,
        campaign=tag.campaign,
        reply_partition=number % PARTITIONS,
        person_id=person_of(identifier),
    )


def scans(count: int, people: int, first: int = 0) -> Iterator[TouchpointIdentified]:
    """Scans of random tags by people drawn uniformly; ``first`` is the number of the first scan."""
    brand, random = demo_brand(), Random(first)
    tags = list(brand.tags.values())
    for number in range(first, first + count):
        yield scan(number, random.randrange(people), random.choice(tags), brand.about.id)


def as_recorded(event: TouchpointIdentified) -> TouchpointRecorded:
    """The scan as the gateway recorded it, before identity resolved its person."""
    return TouchpointRecorded(**{name: getattr(event, name) for name in TouchpointRecorded.__struct_fields__})


def row(event: Event) -> tuple[int, Row]:
    """The event's partition, and its record as key, value and headers."""
    _, key, value, headers = CODEC.record(event)
    return partition_of(key.decode(), PARTITIONS), (key, value, headers)


def record(offset: int, event: Event) -> Record:
    """The event as a record without headers."""
    _, (key, value, _) = row(event)
    return Record(offset, key, value)
