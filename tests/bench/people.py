"""Made-up people who scan the demo brand's tags: the same every time."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from deploy.local.settings import DEMO_BRAND
from schemas.brand.load import load
from schemas.brand.model import Brand, Tag
from schemas.codec import Codec
from schemas.events import Event, TouchpointIdentified, TouchpointRecorded
from schemas.ids import derived, partition_of, person_of
from schemas.topics import PARTITIONS
from tests.bench.contenders.sending import Row

CODEC = Codec()
NOON_US = 1_772_449_200_000_000
"""Monday 2 March 2026, 11:00 UTC: stores are open."""


@dataclass
class Record:
    """A record as far as a desk looks at it."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def demo_brand() -> Brand:
    return load(DEMO_BRAND)


def anchor(person: int) -> str:
    """Identifier of somebody's phone."""
    return f"device:{derived('bench device', str(person)).replace('-', '')}"


def scan(number: int, person: int, tag: Tag, brand: str) -> TouchpointIdentified:
    """Scan so many of somebody, a second after the one before."""
    who = anchor(person)
    at = NOON_US + number * 1_000_000 % (6 * 3_600_000_000)
    return TouchpointIdentified(
        event_id=derived("bench scan", str(number)),
        type=tag.trigger,
        occurred_at=at,
        received_at=at,
        source="scan",
        anchor=who,
        identifiers=(who,),
        brand=brand,
        store=tag.store,
        tag=tag.id,
        placement=tag.placement,
        zone=tag.zone,
        product=tag.product,
        campaign=tag.campaign,
        reply_partition=number % PARTITIONS,
        person_id=person_of(who),
    )


def scans(count: int, people: int, first: int = 0) -> Iterator[TouchpointIdentified]:
    """Scans by people who come in random order; ``first`` is the number of the first scan."""
    brand, random = demo_brand(), Random(first)
    tags = list(brand.tags.values())
    for number in range(first, first + count):
        yield scan(number, random.randrange(people), random.choice(tags), brand.about.id)


def as_recorded(event: TouchpointIdentified) -> TouchpointRecorded:
    """The scan before somebody was seen in it."""
    return TouchpointRecorded(**{name: getattr(event, name) for name in TouchpointRecorded.__struct_fields__})


def row(event: Event) -> tuple[int, Row]:
    """The event's partition, and its record."""
    _, key, value, headers = CODEC.record(event)
    return partition_of(key.decode(), PARTITIONS), (key, value, headers)
