"""Soft links over a real Kafka: across partitions and a crash exactly those that every pair of records asks for."""

import random

import msgspec

from schemas.brand.items import build_brand, events_of, items_of
from schemas.brand.model import Likeness
from schemas.events import TouchpointIdentified
from schemas.ids import derived, person_of
from schemas.likeness.model import LIKELY, score
from schemas.likeness.traits import CONTACT, encode_traits
from schemas.topics import IDENTITY_LIKENED, PARTITIONS, TRAITS_BLOCKED
from sinks.analysis.likeness.pairs import blocked
from sinks.analysis.likeness.train import train
from tests import febrl
from tests.processors.street import Street, until
from tests.stories.world import world

KEY = b"a key of the test"
RECORDS = 1500


def contact(record: febrl.Record, number: int) -> TouchpointIdentified:
    anchor = f"customer:{record.id}"
    return TouchpointIdentified(
        event_id=derived("test likeness", record.id),
        occurred_at=1_780_000_000_000_000 + number,
        type="crm_contact",
        received_at=1_780_000_000_000_000,
        source="test",
        anchor=anchor,
        identifiers=(anchor,),
        properties=msgspec.json.encode({"traits": encode_traits(record.properties, KEY)}).decode(),
        person_id=person_of(anchor),
        own_person_id=person_of(anchor),
    )


async def test_every_likely_pair_is_told_whatever_is_killed(street: Street) -> None:
    records = febrl.records("dataset3")[:RECORDS]
    traits = [found for record in records if (found := encode_traits(record.properties, KEY)) is not None]
    model = train(traits)
    bare = world().brand
    brand = build_brand({**items_of(bare), "likeness": [Likeness(id=CONTACT, model=model)]})
    await street.send(events_of(brand, 2, {}))

    story = [contact(record, number) for number, record in enumerate(records)]
    random.shuffle(story)
    street.start("likeness", commit_interval_ms="200")
    await street.opened("likeness", PARTITIONS)
    await street.send(story[: RECORDS // 2])

    async def has_begun() -> bool:
        return await street.count(TRAITS_BLOCKED) > 100

    await until(has_begun, 30, "traits in their blocks")
    street.kill("likeness")
    await street.send(story[RECORDS // 2 :] + story[:50])
    street.start("likeness")
    # What it sends into blocks it has to read itself, so it is done twice.
    await street.quiet("likeness", "likeness")

    told = [event for event in await street.events(IDENTITY_LIKENED) if event.model == model.version]
    persons = [person_of(f"customer:{record.id}") for record in records]
    expected = {
        frozenset((persons[one], persons[other]))
        for one, other in blocked(traits)
        if score(traits[one], traits[other], model).probability >= LIKELY
    }
    assert {frozenset((event.person_id, event.other_person_id)) for event in told} == expected
    assert len(expected) > 300
    weighed = {(event.event_id, event.probability, event.reasons) for event in told}
    assert len({event_id for event_id, *_ in weighed}) == len(weighed)
