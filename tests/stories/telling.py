"""Words to tell stories with: each gives a chapter, and `told` turns chapters into events with fixed ids and times.

    told(scan("shelf"), after("2 days"), purchase("12.50", name="coffee"), returned("12.50", of="coffee"))

Somebody is a name ("anna"); events are called by their type and number ("scan-1", "sale-1") unless they are given a
name.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from schemas.events import Event, IdentityChanged, Line, TouchpointIdentified, TouchpointRecorded
from schemas.ids import derived, person_of

MONDAY_TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
"""When stories begin."""
UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
ANNA = "anna"


@dataclass
class Narrator:
    """Where the telling is: the clock in microseconds, how often each type was told, and how many names each own
    person had."""

    now: int = round(MONDAY_TEN.timestamp() * 1e6)
    told: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)

    def call(self, type: str, name: str) -> str:
        self.told[type] += 1
        return event_id(name or f"{type}-{self.told[type]}")


Chapter = Callable[[Narrator], Event | None]


def told(*chapters: Chapter) -> list[Any]:
    """The events of a story, one second apart."""
    narrator, events = Narrator(), []
    for chapter in chapters:
        event = chapter(narrator)
        if event is not None:
            events.append(event)
            narrator.now += 1_000_000
    return events


def recorded(*chapters: Chapter) -> list[TouchpointRecorded]:
    """The same as the gateway publishes them, before anybody knows the person."""
    fields = TouchpointRecorded.__struct_fields__
    return [TouchpointRecorded(**{name: getattr(event, name) for name in fields}) for event in told(*chapters)]


def event_id(name: str) -> str:
    return derived("story", name)


def anchor(who: str) -> str:
    return f"device:{who}"


def person(who: str) -> str:
    return person_of(anchor(who))


def micros(amount: str) -> int:
    return int(Decimal(amount) * 1_000_000)


def touch(type: str, who: str = ANNA, name: str = "", known_as: str = "", **fields: Any) -> Chapter:
    """Any touchpoint. ``known_as`` is the person that identity knew behind it at that moment, if it was another."""

    def chapter(narrator: Narrator) -> TouchpointIdentified:
        return TouchpointIdentified(
            event_id=narrator.call(type, name),
            type=type,
            occurred_at=narrator.now,
            received_at=narrator.now,
            source="story",
            anchor=anchor(who),
            identifiers=(anchor(who),),
            person_id=person(known_as or who),
            own_person_id=person(who),
            **fields,
        )

    return chapter


def scan(tag: str = "shelf", who: str = ANNA, name: str = "", **fields: Any) -> Chapter:
    """A QR code; as the gateway does, the event carries what the tag says."""
    return touch("scan", who, name, **{"tag": tag, **FROM_TAG.get(tag, {}), **fields})


def tap(tag: str = "shelf", who: str = ANNA, name: str = "", **fields: Any) -> Chapter:
    """An NFC tag."""
    return touch("nfc_tap", who, name, **{"tag": tag, **FROM_TAG.get(tag, {}), **fields})


def enter(store: str = "mitte", who: str = ANNA) -> Chapter:
    return touch("store_entry", who, store=store)


def leave(store: str = "mitte", who: str = ANNA) -> Chapter:
    return touch("store_exit", who, store=store)


def purchase(
    amount: str,
    *skus: str,
    who: str = ANNA,
    name: str = "",
    currency: str = "EUR",
    store: str = "mitte",
    known_as: str = "",
) -> Chapter:
    lines = tuple(Line(sku=sku, quantity=1, amount_micros=0) for sku in skus)
    fields = {"amount_micros": micros(amount), "currency": currency, "store": store, "lines": lines}
    return touch("sale", who, name, known_as, **fields)


def returned(
    amount: str, of: str = "", who: str = ANNA, name: str = "", currency: str = "EUR", known_as: str = ""
) -> Chapter:
    """:param of: name of the sale; empty when the till did not say which."""
    sale = event_id(of) if of else ""
    fields = {"amount_micros": micros(amount), "currency": currency, "related_event_id": sale}
    return touch("return", who, name, known_as, **fields)


def merged(loser: str, into: str, own: str = "") -> Chapter:
    """An own person, somebody who merged into the loser before or the loser alone, has another name."""
    return _changed("merged", loser, own or loser, into_person_id=person(into))


def parted(own: str, from_: str, to: str = "") -> Chapter:
    """An own person is found to be no part of somebody: it is itself again, or with somebody else."""
    return _changed("split", from_, own, into_person_id=person(to or own))


def erased(who: str = ANNA) -> Chapter:
    return _changed("erased", who, "")


def _changed(change: str, who: str, own: str, **fields: Any) -> Chapter:
    def chapter(narrator: Narrator) -> IdentityChanged:
        cause = narrator.call(change, "")
        narrator.names[own] += 1
        whose = {"own_person_id": person(own), "version": narrator.names[own]} if own else {}
        return IdentityChanged(
            event_id=derived("identity", cause),
            occurred_at=narrator.now,
            change=change,
            person_id=person(who),
            source_event_id=cause,
            **whose,
            **fields,
        )

    return chapter


def after(time: str) -> Chapter:
    """Time goes by: "2 days", "90 seconds"."""
    count, unit = time.split()
    return _clock(lambda now: now + int(count) * UNITS_S[unit.removesuffix("s")] * 1_000_000)


def at(local: str, zone: str = "UTC", fold: int = 0) -> Chapter:
    """The clock of a place shows this (ISO 8601); ``fold=1`` is the second time round on the day that summer time
    ends."""
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return _clock(lambda now: round(moment.timestamp() * 1e6))


def _clock(turn: Callable[[int], int]) -> Chapter:
    def chapter(narrator: Narrator) -> None:
        narrator.now = turn(narrator.now)

    return chapter


FROM_TAG: dict[str, dict[str, str]] = {
    "shelf": {"store": "mitte", "placement": "shelf", "product": "KB-1", "campaign": "spring & co"},
    "poster": {"store": "mitte", "placement": "poster", "campaign": "spring & co"},
    "bottle": {"placement": "packaging", "product": "KB-1"},
    "bar": {"store": "bar", "placement": "shelf", "product": "KB-2"},
    "overseas": {"store": "hudson", "placement": "shelf", "product": "KB-1"},
}
"""What the gateway copies from each tag of the stories' brand."""
