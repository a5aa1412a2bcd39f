"""Words for what identity hears, and crowds of made-up people."""

import hashlib
import random
from typing import Any

from processors.world import World
from schemas import kinds
from schemas.brand.items import build_brand
from schemas.brand.model import About, Guards
from schemas.events import TouchpointRecorded
from schemas.identifiers import anchor_of
from schemas.ids import derived
from tests.stories.identity.oracle import Limits

TYPES = ("customer", "loyalty", "email", "phone", "payment", "device", "mac", "crm")
CRM = ("birth", "home", "postcode")
"""Types of a brand that joins messy records."""
START = 1_700_000_000_000_000


def hashed(kind: str, name: object) -> str:
    """An identifier as a gateway makes it: the order of the texts has nothing to do with that of the names."""
    return f"{kind}:{hashlib.blake2b(f'{kind}{name}'.encode(), digest_size=16).hexdigest()}"


def event(at: int, *identifiers: str, type: str = "page_view", name: Any = None, **fields: Any) -> TouchpointRecorded:
    """A touchpoint ``at`` seconds after the start; the strongest identifier is the anchor."""
    return TouchpointRecorded(
        event_id=derived("event", str(name), str(at), type, *identifiers),
        occurred_at=START + at * 1_000_000,
        type=type,
        received_at=START,
        source="story",
        anchor=anchor_of(identifiers),
        identifiers=identifiers,
        **fields,
    )


def linked(at: int, one: str, other: str) -> TouchpointRecorded:
    return event(at, one, other, type=kinds.LINKED)


def unlinked(at: int, one: str, other: str) -> TouchpointRecorded:
    return event(at, one, other, type=kinds.UNLINKED)


def world(limits: Limits | None = None) -> World:
    """A world whose guards are the given ones; without them nothing is guarded."""
    limits = limits or Limits()
    guards = Guards(
        neighbours={kind: limits.neighbours.get(kind, limits.other) for kind in (*TYPES, *CRM)},
        per_person={kind: limits.per_person.get(kind, limits.other) for kind in (*TYPES, *CRM)},
        person_size=limits.person_size,
        never_stitch=limits.never_stitch,
    )
    about = About(
        id="b",
        name="B",
        currency="EUR",
        country="DE",
        fallback="https://shop.example/",
        destinations=("https://shop.example",),
        identifier_types=("crm", *CRM),
        guards=guards,
    )
    return World(build_brand({"brand": [about]}))


CARRIED = ("device", "email", "loyalty", "payment", "device", "phone", "customer", "device", "mac", "email")
"""What people have, in the order in which they come to have it."""


def crowd(chance: random.Random, people: int, events: int = 6) -> list[TouchpointRecorded]:
    """People of two to ten identifiers who show one to three of them at a time, in the order of time."""
    told, at = [], 0
    for _ in range(people * events):
        person = chance.randrange(people)
        mine = [hashed(kind, f"{person}-{n}") for n, kind in enumerate(CARRIED[: 2 + person * 7919 % 9])]
        at += chance.randint(0, 3)
        told.append(event(at, *chance.sample(mine, min(len(mine), chance.randint(1, 3)))))
    return told


def repeated(chance: random.Random, events: list[TouchpointRecorded], share: float = 0.2) -> list[TouchpointRecorded]:
    """In any order, some of them again anywhere."""
    again = [*events, *chance.sample(events, round(len(events) * share))]
    chance.shuffle(again)
    return again


def edges(events: list[TouchpointRecorded]) -> int:
    """How many different pairs the events show."""
    return len({(e.anchor, other) for e in events for other in e.identifiers if other != e.anchor})


def turmoil(chance: random.Random, events: int = 40) -> list[TouchpointRecorded]:
    """Few identifiers in every relation to each other: hubs, kiosks, placeholders, operators who change their mind."""
    many = [hashed(kind, n) for kind in TYPES for n in range(chance.randint(1, 4))]
    told = []
    for number in range(events):
        at = chance.randint(0, 60)
        shown = chance.sample(many, chance.randint(1, 3))
        if len(shown) == 2 and chance.random() < 0.5:
            told.append(event(at, *shown, type=chance.choice((kinds.LINKED, kinds.UNLINKED)), name=number))
            continue
        if chance.random() < 0.1:
            shown.append("email:blocked")
        properties = '{"device_class":"kiosk"}' if chance.random() < 0.1 else "{}"
        told.append(event(at, *shown, name=number, properties=properties))
    return told


def some_limits(chance: random.Random) -> Limits:
    """Limits that bite."""
    return Limits(
        per_person={kind: chance.randint(0, 3) for kind in TYPES if chance.random() < 0.5},
        neighbours={kind: chance.randint(0, 6) for kind in TYPES if chance.random() < 0.5},
        person_size=chance.choice((3, 6, 1_000)),
    )
