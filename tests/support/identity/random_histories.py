"""Random touchpoints, limits and orders of arrival."""

import random

from schemas import kinds
from schemas.events import TouchpointRecorded
from tests.support.identity.builders import TYPES, event, hashed
from tests.support.identity.oracle import Limits

CARRIED = ("device", "email", "loyalty", "payment", "device", "phone", "customer", "device", "mac", "email")
"""Types of the identifiers that a person has, in the order in which they get them."""


def random_people(chance: random.Random, people: int, events: int = 6) -> list[TouchpointRecorded]:
    """Events of people with two to ten identifiers who show one to three of them at a time, in order of time."""
    history, at = [], 0
    for _ in range(people * events):
        person = chance.randrange(people)
        mine = [hashed(kind, f"{person}-{n}") for n, kind in enumerate(CARRIED[: 2 + person * 7919 % 9])]
        at += chance.randint(0, 3)
        history.append(event(at, *chance.sample(mine, min(len(mine), chance.randint(1, 3)))))
    return history


def random_conflicts(chance: random.Random, events: int = 40) -> list[TouchpointRecorded]:
    """Events of a few identifiers in all combinations, within a minute or over two years: hubs, kiosks, placeholders,
    contradicting overrides."""
    duration = chance.choice((60, 63_072_000))
    identifiers = [hashed(kind, n) for kind in TYPES for n in range(chance.randint(1, 4))]
    history = []
    for number in range(events):
        at = chance.randint(0, duration)
        shown = chance.sample(identifiers, chance.randint(1, 3))
        if len(shown) == 2 and chance.random() < 0.5:
            history.append(event(at, *shown, type=chance.choice((kinds.LINKED, kinds.UNLINKED)), name=number))
            continue
        if chance.random() < 0.1:
            shown.append("email:blocked")
        properties = '{"device_class":"kiosk"}' if chance.random() < 0.1 else "{}"
        history.append(event(at, *shown, name=number, properties=properties))
    return history


def random_limits(chance: random.Random) -> Limits:
    """Limits low enough that random conflicts exceed them."""
    return Limits(
        per_person={kind: chance.randint(0, 3) for kind in TYPES if chance.random() < 0.5},
        neighbours={kind: chance.randint(0, 6) for kind in TYPES if chance.random() < 0.5},
        person_size=chance.choice((3, 6, 1_000)),
        window=chance.choice((1, 3)),
    )


def shuffled(chance: random.Random, events: list[TouchpointRecorded], share: float = 0.2) -> list[TouchpointRecorded]:
    """The events in random order, a share of them twice."""
    arriving = [*events, *chance.sample(events, round(len(events) * share))]
    chance.shuffle(arriving)
    return arriving


def count_edges(events: list[TouchpointRecorded]) -> int:
    """How many different pairs the events show."""
    return len(
        {(e.primary_identifier, other) for e in events for other in e.identifiers if other != e.primary_identifier}
    )


def random_stars(chance: random.Random, stored: int) -> list[TouchpointRecorded]:
    """Events over two years of devices with at most ``stored`` e-mail addresses, each of which has many devices; the
    addresses have customers, too."""
    emails = [hashed("email", n) for n in range(stored)]
    history = []
    for number in range(chance.randint(2, 60)):
        other = hashed("customer", chance.choice(range(stored))) if chance.random() < 0.1 else None
        shown = (chance.choice(emails), other or hashed("device", chance.randint(0, 12)))
        history.append(event(chance.randint(0, 63_072_000), *shown, name=number))
    return history
