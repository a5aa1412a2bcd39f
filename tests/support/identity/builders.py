"""Builders of identifiers, of the touchpoints that identity reads, and of its reference data."""

import hashlib
from typing import Any

from processors.reference import Reference
from schemas import kinds
from schemas.brand.items import build_brand
from schemas.brand.model import About, Guards
from schemas.events import PrivacyRequested, TouchpointRecorded
from schemas.identifiers.types import strongest
from schemas.ids import derived
from tests.support.identity.oracle import Limits

TYPES = ("customer", "loyalty", "email", "phone", "payment", "device", "mac", "crm")
CRM = ("birth", "home", "postcode")
"""Types of a brand that joins messy records."""
START = 1_700_000_000_000_000


def hashed(kind: str, name: object) -> str:
    """An identifier as the gateway makes it: its order is independent of that of the names."""
    return f"{kind}:{hashlib.blake2b(f'{kind}{name}'.encode(), digest_size=16).hexdigest()}"


def event(at: int, *identifiers: str, type: str = "page_view", name: Any = None, **fields: Any) -> TouchpointRecorded:
    """A touchpoint ``at`` seconds after the start; the strongest identifier is the primary one."""
    return TouchpointRecorded(
        event_id=derived("event", str(name), str(at), type, *identifiers),
        occurred_at=START + at * 1_000_000,
        type=type,
        received_at=START,
        source="story",
        primary_identifier=strongest(identifiers),
        identifiers=identifiers,
        **fields,
    )


def requested(action: str, identifier: str, scope: str = "person", id: str = "", number: int = 0) -> PrivacyRequested:
    """A request about the data of an identifier, or of its person."""
    id = id or derived("request", action, scope, identifier)
    return PrivacyRequested(
        event_id=derived("requested", id, str(number)),
        occurred_at=START + 10**12,
        request_id=id,
        action=action,
        scope=scope,
        identifier=identifier,
        number=number,
        source="story",
    )


def linked(at: int, one: str, other: str) -> TouchpointRecorded:
    return event(at, one, other, type=kinds.LINKED)


def unlinked(at: int, one: str, other: str) -> TouchpointRecorded:
    return event(at, one, other, type=kinds.UNLINKED)


def brand(**guards: Any) -> Reference:
    """Reference data of a brand with the built-in guards and these."""
    about = About(
        id="b",
        name="B",
        currency="EUR",
        country="DE",
        fallback="https://shop.example/",
        destinations=("https://shop.example",),
        guards=Guards(**guards),
    )
    return Reference(build_brand({"brand": [about]}))


def reference(limits: Limits | None = None) -> Reference:
    """Reference data with these guards; without them nothing is guarded."""
    limits = limits or Limits()
    guards = Guards(
        neighbours={kind: limits.neighbours.get(kind, limits.other) for kind in (*TYPES, *CRM)},
        per_person={kind: limits.per_person.get(kind, limits.other) for kind in (*TYPES, *CRM)},
        window_days=30 * limits.window,
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
    return Reference(build_brand({"brand": [about]}))
