"""Builders of events with fixed ids and times: each gives a spec, and ``build_events`` makes events of specs.

    build_events(scan("shelf"), after("2 days"), purchase("12.50", name="coffee"), returned("12.50", of="coffee"))

A person, or a source profile, has a name ("anna"); an event is called by its type and number ("scan-1", "sale-1")
unless it is given a name.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from schemas.consent.statements import Statement
from schemas.events import (
    ConsentStated,
    Event,
    IdentityChanged,
    Line,
    ProfileErased,
    TouchpointIdentified,
    TouchpointRecorded,
)
from schemas.ids import derived, person_of

MONDAY_TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
"""The time of the first event."""
UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
ANNA = "anna"


@dataclass
class Timeline:
    """The state between two specs: the clock in microseconds, the number of events of each type, and the version of the
    last identity change of each source profile."""

    now: int = round(MONDAY_TEN.timestamp() * 1e6)
    counts: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)

    def next_id(self, type: str, name: str) -> str:
        self.counts[type] += 1
        return event_id(name or f"{type}-{self.counts[type]}")


EventSpec = Callable[[Timeline], Event | None]
"""Gives the next event of a timeline, or None when it only sets the clock."""


def build_events(*specs: EventSpec) -> list[Any]:
    """The events of the specs, one second apart."""
    timeline, events = Timeline(), []
    for spec in specs:
        event = spec(timeline)
        if event is not None:
            events.append(event)
            timeline.now += 1_000_000
    return events


def build_recorded(*specs: EventSpec) -> list[TouchpointRecorded]:
    """The same events as the gateway publishes them, without a person."""
    fields = TouchpointRecorded.__struct_fields__
    return [TouchpointRecorded(**{name: getattr(event, name) for name in fields}) for event in build_events(*specs)]


def event_id(name: str) -> str:
    return derived("story", name)


def primary_identifier(who: str) -> str:
    return f"device:{who}"


def person(who: str) -> str:
    return person_of(primary_identifier(who))


def micros(amount: str) -> int:
    return int(Decimal(amount) * 1_000_000)


def touch(type: str, who: str = ANNA, name: str = "", known_as: str = "", **fields: Any) -> EventSpec:
    """Any touchpoint. ``known_as`` is the person that identity resolved at that moment, if it was another."""

    def spec(timeline: Timeline) -> TouchpointIdentified:
        return TouchpointIdentified(
            event_id=timeline.next_id(type, name),
            type=type,
            occurred_at=timeline.now,
            received_at=timeline.now,
            source="story",
            primary_identifier=primary_identifier(who),
            identifiers=(primary_identifier(who),),
            person_id=person(known_as or who),
            source_profile_id=person(who),
            **fields,
        )

    return spec


def scan(tag: str = "shelf", who: str = ANNA, name: str = "", **fields: Any) -> EventSpec:
    """The scan of a QR code, with the tag's fields as the gateway copies them."""
    return touch("scan", who, name, **{"tag": tag, **FROM_TAG.get(tag, {}), **fields})


def tap(tag: str = "shelf", who: str = ANNA, name: str = "", **fields: Any) -> EventSpec:
    """The tap on an NFC tag."""
    return touch("nfc_tap", who, name, **{"tag": tag, **FROM_TAG.get(tag, {}), **fields})


def enter(store: str = "mitte", who: str = ANNA) -> EventSpec:
    return touch("store_entry", who, store=store)


def leave(store: str = "mitte", who: str = ANNA) -> EventSpec:
    return touch("store_exit", who, store=store)


def purchase(
    amount: str,
    *skus: str,
    who: str = ANNA,
    name: str = "",
    currency: str = "EUR",
    store: str = "mitte",
    known_as: str = "",
) -> EventSpec:
    lines = tuple(Line(sku=sku, quantity=1, amount_micros=0) for sku in skus)
    fields = {"amount_micros": micros(amount), "currency": currency, "store": store, "lines": lines}
    return touch("sale", who, name, known_as, **fields)


def agreed(
    *purposes: str, who: str = ANNA, name: str = "", known_as: str = "", type: str = "consent_given", **stated: Any
) -> EventSpec:
    """A grant of purposes, with more of what a statement may say. :param type: of the event."""
    properties = msgspec.json.encode(Statement(purposes=purposes, **stated)).decode()
    return touch(type, who, name, known_as, properties=properties)


def stated_with(
    *purposes: str, who: str, known_as: str = "", withdrawn: bool = True, name: str = "together"
) -> EventSpec:
    """What an event that names several identifiers states, as it comes to the source profile of one of the others."""

    def spec(timeline: Timeline) -> ConsentStated:
        return ConsentStated(
            event_id=timeline.next_id("consent_stated", f"{name} {who}"),
            occurred_at=timeline.now,
            person_id=person(known_as or who),
            source_profile_id=person(who),
            type="consent_withdrawn" if withdrawn else "consent_given",
            properties=msgspec.json.encode(Statement(purposes=purposes)).decode(),
            source_event_id=event_id(name),
        )

    return spec


def objected(*purposes: str, who: str = ANNA, name: str = "", known_as: str = "", **stated: Any) -> EventSpec:
    """A withdrawal of purposes."""
    return agreed(*purposes, who=who, name=name, known_as=known_as, type="consent_withdrawn", **stated)


def returned(
    amount: str, of: str = "", who: str = ANNA, name: str = "", currency: str = "EUR", known_as: str = ""
) -> EventSpec:
    """:param of: name of the sale; empty when the till did not say which."""
    sale = event_id(of) if of else ""
    fields = {"amount_micros": micros(amount), "currency": currency, "related_event_id": sale}
    return touch("return", who, name, known_as, **fields)


def points(kind: str, count: int, who: str = ANNA, name: str = "", **stated: str) -> EventSpec:
    """An event that moves points: ``points("spent", 40)``. :param stated: as in ``schemas.points.Stated``."""
    properties = msgspec.json.encode({"points": count, **stated}).decode()
    return touch(f"points_{kind}", who, name, properties=properties)


def merged(loser: str, into: str, profile: str = "") -> EventSpec:
    """A source profile of the loser, by default the loser's own, is of another person from now on."""
    return _changed("merged", loser, profile or loser, into_person_id=person(into))


def parted(profile: str, from_: str, to: str = "") -> EventSpec:
    """A source profile is split from a person: it is a person of its own again, or of another one."""
    return _changed("split", from_, profile, into_person_id=person(to or profile))


def erased(profile: str = ANNA, at: str = "", request: str = "request") -> EventSpec:
    """A source profile is erased. :param at: the person that it belonged to, by default its own."""

    def spec(timeline: Timeline) -> ProfileErased:
        return ProfileErased(
            event_id=derived("profile erased", request, profile, at),
            occurred_at=timeline.now,
            request_id=request,
            person_id=person(at or profile),
            source_profile_id=person(profile),
            identifier=primary_identifier(profile),
        )

    return spec


def _changed(change: str, who: str, profile: str, **fields: Any) -> EventSpec:
    def spec(timeline: Timeline) -> IdentityChanged:
        cause = timeline.next_id(change, "")
        timeline.versions[profile] += 1
        whose = {"source_profile_id": person(profile), "version": timeline.versions[profile]} if profile else {}
        return IdentityChanged(
            event_id=derived("identity", cause),
            occurred_at=timeline.now,
            change=change,
            person_id=person(who),
            source_event_id=cause,
            **whose,
            **fields,
        )

    return spec


def after(time: str) -> EventSpec:
    """Moves the clock on: "2 days", "90 seconds"."""
    count, unit = time.split()
    return _clock(lambda now: now + int(count) * UNITS_S[unit.removesuffix("s")] * 1_000_000)


def at(local: str, zone: str = "UTC", fold: int = 0) -> EventSpec:
    """Sets the clock to a local time (ISO 8601); ``fold=1`` is the second of two equal times on the day that summer
    time ends."""
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return _clock(lambda now: round(moment.timestamp() * 1e6))


def _clock(change: Callable[[int], int]) -> EventSpec:
    def spec(timeline: Timeline) -> None:
        timeline.now = change(timeline.now)

    return spec


FROM_TAG: dict[str, dict[str, str]] = {
    "shelf": {"store": "mitte", "placement": "shelf", "product": "KB-1", "campaign": "spring & co"},
    "poster": {"store": "mitte", "placement": "poster", "campaign": "spring & co"},
    "bottle": {"placement": "packaging", "product": "KB-1"},
    "bar": {"store": "bar", "placement": "shelf", "product": "KB-2"},
    "overseas": {"store": "hudson", "placement": "shelf", "product": "KB-1"},
}
"""The fields that the gateway copies from each tag of the test brand."""
