"""The limits that keep identifiers from joining strangers: built in, and as a brand sets them.

A person of at most 50 identifiers, and at most one of the type that names people, is what Adobe's Identity Service does
(its guardrails, and its "unique namespace"). All other numbers are Footpath's own: high for one person, low for many
people who share an identifier.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from processors.reference import Reference
from schemas.brand.model import Consent, Guards
from schemas.reasons import EdgeReason

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
DAY_US: Final = 86_400_000_000
_MEMO: Final = "identity limits"


class Limits(msgspec.Struct, frozen=True):
    """A brand's guards on top of the built-in ones; ``brand`` is the brand's version. ``consent`` is what it says
    of purposes; the browser's word counts as it does in ``country``, the brand's own."""

    guards: Guards
    brand: str
    consent: Mapping[str, Consent] = {}
    country: str = ""

    def per_person(self, kind: str) -> int:
        """How many identifiers of a type one person may have."""
        return self.guards.per_person.get(kind, PER_PERSON.get(kind, PER_PERSON_OTHERS))

    def neighbours(self, kind: str) -> int:
        """With how many others an identifier of a type may be seen within the window; with more it is a hub."""
        return self.guards.neighbours.get(kind, NEIGHBOURS.get(kind, NEIGHBOURS_OTHERS))

    @property
    def window_us(self) -> int:
        """How long before and after the latest evidence of an edge neighbours are counted, in microseconds."""
        return self.guards.window_days * DAY_US

    @property
    def person_size(self) -> int:
        """How many identifiers a person may have in all."""
        return self.guards.person_size

    def strangers(self, types: Counter[str], more: Counter[str]) -> str:
        """Why two persons with so many identifiers of each type are two: a type of which a person has at most one."""
        return self._too_many(types, more, several=False)

    def growth(self, types: Counter[str], more: Counter[str]) -> str:
        """Why two persons cannot be one: a type of which a person may have several, but not that many."""
        return self._too_many(types, more, several=True)

    def size(self, types: Counter[str], more: Counter[str]) -> str:
        """Why two persons cannot be one: it would have too many identifiers in all."""
        return EdgeReason.PERSON_SIZE if types.total() + more.total() > self.person_size else ""

    def has_too_many(self, types: Counter[str]) -> bool:
        """Whether a person has more identifiers than it may of a type of which it may have several."""
        return any(count > 1 and count > self.per_person(kind) > 1 for kind, count in types.items())

    def _too_many(self, types: Counter[str], more: Counter[str], several: bool) -> str:
        exceeded = []
        for kind in {*types, *more}:
            limit = self.per_person(kind)
            # A type that an override brought beyond its limit does not keep other types out.
            too_many = not limit or (kind in types and kind in more and types[kind] + more[kind] > limit)
            if too_many and several == (limit > 1):
                exceeded.append(kind)
        return f"{EdgeReason.TOO_MANY}:{min(exceeded)}" if exceeded else ""

    def never_stitches(self, properties: str) -> bool:
        """Whether an event came from a device that many people use. :param properties: the event's, as JSON."""
        return "device_class" in properties and _device_class(properties) in self.guards.never_stitch


def limits_of(reference: Reference) -> Limits:
    """The limits of the brand in the reference data."""
    known: Limits | None = reference.memo.get(_MEMO)
    if known is None:
        about = reference.brand.about
        known = reference.memo[_MEMO] = Limits(
            about.guards, reference.brand.version, reference.brand.consent, about.country
        )
    return known


def _device_class(properties: str) -> Any:
    try:
        parsed = json.loads(properties)
    except ValueError:
        return None
    return parsed.get("device_class") if isinstance(parsed, dict) else None
