"""Soft links on a real Kafka: across partitions and a crash exactly those of all pairs of records."""

import random

import msgspec

from schemas.brand.items import build_brand, events_of, items_of
from schemas.brand.model import Matching
from schemas.events import TouchpointIdentified
from schemas.ids import derived, person_of
from schemas.matching.model import LIKELY, score
from schemas.matching.traits import CONTACT, encode_traits
from schemas.topics import BLOCKING_KEY_ASSIGNED, IDENTITY_MATCHED, PARTITIONS
from sinks.analysis.matching.pairs import blocked_pairs
from sinks.analysis.matching.train import train
from tests.support import febrl
from tests.support.reference import reference, route
from tests.support.stream_cluster import StreamCluster, until

KEY = b"a key of the test"
RECORDS = 1500


def contact(record: febrl.Record, number: int) -> TouchpointIdentified:
    primary_identifier = f"customer:{record.id}"
    return TouchpointIdentified(
        event_id=derived("test matching", record.id),
        occurred_at=1_780_000_000_000_000 + number,
        type="crm_contact",
        received_at=1_780_000_000_000_000,
        source="test",
        primary_identifier=primary_identifier,
        identifiers=(primary_identifier,),
        properties=msgspec.json.encode({"traits": encode_traits(record.properties, KEY)}).decode(),
        person_id=person_of(primary_identifier),
        source_profile_id=person_of(primary_identifier),
    )


async def test_every_likely_pair_is_linked_whatever_is_killed(cluster: StreamCluster) -> None:
    records = febrl.records("dataset3")[:RECORDS]
    traits = [found for record in records if (found := encode_traits(record.properties, KEY)) is not None]
    model = train(traits)
    bare = reference(route("buy")).brand
    brand = build_brand({**items_of(bare), "matching": [Matching(id=CONTACT, model=model)]})
    await cluster.send(events_of(brand, 2, {}))

    events = [contact(record, number) for number, record in enumerate(records)]
    random.shuffle(events)
    cluster.start("matching", commit_interval_ms="200")
    await cluster.opened("matching", PARTITIONS)
    await cluster.send(events[: RECORDS // 2])

    async def has_started() -> bool:
        return await cluster.count(BLOCKING_KEY_ASSIGNED) > 100

    await until(has_started, "traits in their blocks")
    cluster.kill("matching")
    await cluster.send(events[RECORDS // 2 :] + events[:50])
    cluster.start("matching")
    # The processor reads what it sends to blocks, so it must be idle twice.
    await cluster.quiet("matching", "matching")

    found = [event for event in await cluster.events(IDENTITY_MATCHED) if event.model == model.version]
    persons = [person_of(f"customer:{record.id}") for record in records]
    expected = {
        frozenset((persons[one], persons[other]))
        for one, other in blocked_pairs(traits)
        if score(traits[one], traits[other], model).probability >= LIKELY
    }
    assert {frozenset((event.person_id, event.other_person_id)) for event in found} == expected
    assert len(expected) > 300
    contents = {(event.event_id, event.probability, event.reasons) for event in found}
    assert len({event_id for event_id, *_ in contents}) == len(contents)
