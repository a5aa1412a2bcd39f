"""The limits that keep identifiers from joining strangers: built in, and as a brand sets them.

A person of at most 50 identifiers, and at most one of the type that names people, is what Adobe's Identity Service does
(its guardrails, and its "unique namespace"). All other numbers are ours: generous for one person, low for a crowd.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from processors.world import World
from schemas.brand.model import Guards

PER_PERSON: Final[Mapping[str, int]] = {"customer": 1, "loyalty": 1, "payment": 10, "device": 20}
PER_PERSON_OTHERS: Final = 5
NEIGHBOURS: Final[Mapping[str, int]] = {
    "customer": 100,
    "loyalty": 50,
    "email": 10,
    "phone": 10,
    "payment": 20,
    "device": 10,
    "mac": 3,
}
NEIGHBOURS_OTHERS: Final = 25
_MEMO: Final = "identity limits"


class Limits(msgspec.Struct, frozen=True):
    """A brand's guards on top of the built-in ones."""

    guards: Guards

    def per_person(self, kind: str) -> int:
        """How many identifiers of a type one person may have."""
        return self.guards.per_person.get(kind, PER_PERSON.get(kind, PER_PERSON_OTHERS))

    def neighbours(self, kind: str) -> int:
        """With how many others an identifier of a type may be seen before it joins nobody."""
        return self.guards.neighbours.get(kind, NEIGHBOURS.get(kind, NEIGHBOURS_OTHERS))

    @property
    def person_size(self) -> int:
        """How many identifiers a person may have in all."""
        return self.guards.person_size

    def never_stitches(self, properties: str) -> bool:
        """Whether an event came from a device that many people use; ``properties`` are the event's, as JSON."""
        return "device_class" in properties and _device_class(properties) in self.guards.never_stitch


def limits_of(world: World) -> Limits:
    """The limits of the world's brand."""
    known: Limits | None = world.memo.get(_MEMO)
    if known is None:
        known = world.memo[_MEMO] = Limits(world.brand.about.guards)
    return known


def _device_class(properties: str) -> Any:
    try:
        named = json.loads(properties)
    except ValueError:
        return None
    return named.get("device_class") if isinstance(named, dict) else None
