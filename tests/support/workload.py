"""Random workloads: what a few people do, on days with odd clocks, and the order in which their events arrive."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas.events import RewardPosted, SaleReturned, TouchpointIdentified, TouchpointRecorded
from schemas.identifiers.types import strongest
from schemas.ids import derived
from tests.support.builders import (
    EventSpec,
    Timeline,
    after,
    at,
    build_events,
    enter,
    leave,
    merged,
    parted,
    primary_identifier,
    purchase,
    returned,
    scan,
    tap,
)
from tests.support.reference import BOUGHT, SCANNED, THANKS, reference, route

PEOPLE = ("anna", "ben", "cleo", "dora")
MERGES = (
    merged("anna", into="ben"),
    merged("dora", into="cleo"),
    merged("ben", into="cleo"),
    merged("ben", into="cleo", profile="anna"),
    parted("anna", from_="cleo"),
    parted("dora", from_="cleo"),
    merged("anna", into="cleo"),
)
"""The changes that identity publishes, in order, where people merge; in the end three of the four are one person."""
CARDS = {
    primary_identifier(who): f"loyalty:{card}"
    for who, card in zip(PEOPLE, ("west", "west", "east", "east"), strict=True)
}
REFERENCE = reference(
    route("again", 20, visits_at_least=2),
    route("here", 10, in_store=True),
    route("else", 5, "know"),
    *(
        route(f"never-{number}", number, visits_at_least=99) for number in range(5)
    ),  # enough that no set has them in this order
    rewards=(SCANNED, BOUGHT, THANKS),
    stock={("mitte", "KB-1"): 2},
)
ODD_DAYS = (
    at("2026-03-29T01:59:40", "Europe/Berlin"),
    at("2026-10-25T02:59:40", "Europe/Berlin"),
    at("2026-10-25T02:00:10", "Europe/Berlin", fold=1),
    at("2026-03-08T01:59:40", "America/New_York"),
    at("2026-11-01T01:30:00", "America/New_York", fold=1),
    at("2028-02-28T23:59:40"),
    at("2028-02-29T23:59:40"),
    at("2026-01-31T23:59:40"),
    at("2026-12-31T23:59:40"),
)
"""Summer time begins and ends, a leap day, ends of months and of a year: half a minute before or after."""


@dataclass(frozen=True)
class Workload:
    """The shape of a workload: ``events`` at most, whether people merge, whether some returns name no sale (they are
    matched by time then), and whether the events of one person may overtake each other."""

    events: int = 40
    merges: bool = False
    nameless_returns: bool = False
    any_order: bool = False


def workload(seed: int, shape: Workload) -> tuple[Any, ...]:
    """Events in the order in which they arrive, some of them twice."""
    rng = random.Random(seed)
    events = build_events(*_chapters(rng, shape))
    return tuple(_repeated(rng, _arriving(rng, events, shape), shape))


def as_recorded(events: tuple[Any, ...]) -> tuple[TouchpointRecorded, ...]:
    """The events as the gateway publishes them, before identity resolves the person."""
    fields = TouchpointRecorded.__struct_fields__
    return tuple(TouchpointRecorded(**{name: getattr(event, name) for name in fields}) for event in events)


def with_cards(seed: int, events: tuple[TouchpointRecorded, ...]) -> tuple[TouchpointRecorded, ...]:
    """The events, some of them with a loyalty card as well, which two people share."""
    rng = random.Random(f"cards {seed}")
    shown = {event.event_id: event for event in events}
    for id, event in shown.items():
        if rng.random() < 0.4:
            both = (event.primary_identifier, CARDS[event.primary_identifier])
            shown[id] = msgspec.structs.replace(event, primary_identifier=strongest(both), identifiers=both)
    return tuple(shown[event.event_id] for event in events)


def with_rewards(seed: int, events: tuple[Any, ...]) -> tuple[Any, ...]:
    """The events with a reward for every other touchpoint, published at any moment under its touchpoint's person."""
    rng = random.Random(f"rewards {seed}")
    shown = list(events)
    for event in {event.event_id: event for event in events if isinstance(event, TouchpointIdentified)}.values():
        if rng.random() < 0.5:
            reward = RewardPosted(
                event_id=derived("reward", event.event_id),
                occurred_at=event.occurred_at,
                person_id=event.person_id,
                kind="earned",
                points=5,
                rule=SCANNED.id,
                rule_version=SCANNED.version,
                source_event_id=event.event_id,
                source_profile_id=event.source_profile_id,
            )
            shown.insert(rng.randint(0, len(shown)), reward)
    return tuple(shown)


def with_found_sales(events: tuple[Any, ...]) -> tuple[Any, ...]:
    """The events with what rewards find out about returns that name a sale: whose it is."""
    sales = {event.event_id: event for event in events if getattr(event, "type", "") == "sale"}
    shown: list[Any] = []
    for event in events:
        shown.append(event)
        if sale := sales.get(getattr(event, "related_event_id", "")):
            shown.append(
                SaleReturned(
                    event_id=derived("sale returned", event.event_id),
                    occurred_at=event.occurred_at,
                    sale_event_id=sale.event_id,
                    return_event_id=event.event_id,
                    amount_micros=event.amount_micros,
                    currency=event.currency,
                    person_id=sale.person_id,
                    source_profile_id=sale.source_profile_id,
                )
            )
    return tuple(shown)


def _chapters(rng: random.Random, shape: Workload) -> list[EventSpec]:
    chapters: list[EventSpec] = []
    sales: list[tuple[str, str, int]] = []
    for number in range(rng.randint(shape.events // 4, shape.events)):
        who = rng.choice(PEOPLE)
        match rng.randrange(9):
            case 0 | 1:
                tag, reply = rng.choice(["shelf", "poster", "bottle"]), rng.choice([None, 0, 1])
                chapters.append(scan(tag, who=who, reply_partition=reply))
            case 2:
                chapters.append(enter(rng.choice(["mitte", "bar"]), who=who))
            case 3:
                chapters.append(leave(who=who) if rng.random() < 0.5 else tap(who=who))
            case 4 | 5:
                sales.append((f"sale-{number}", who, units := rng.randint(0, 30)))
                chapters.append(purchase(f"{units}.50", "KB-1", who=who, name=sales[-1][0]))
            case 6 if sales:
                sale, buyer, paid = sales.pop(rng.randrange(len(sales)))
                nameless = shape.nameless_returns and rng.random() < 0.3
                # Where returns are nameless, one that names a sale is the buyer's; elsewhere none exceeds its sale. In
                # all other cases the balance is the same, but which entries lead to it depends on the moment.
                who = buyer if shape.nameless_returns or rng.random() < 0.7 else who
                units = rng.randint(0, 30) if shape.nameless_returns else rng.randint(0, paid)
                chapters.append(returned(f"{units}", of="" if nameless else sale, who=who))
            case 7:
                chapters.append(rng.choice(ODD_DAYS) if rng.random() < 0.3 else _clock_jump(rng))
            case _:
                chapters.append(after(rng.choice(["1 minute", "2 hours"])))
    if shape.merges:
        for number, place in enumerate(sorted(rng.randint(0, len(chapters)) for _ in MERGES)):
            chapters.insert(number + place, MERGES[number])
    return chapters


def _clock_jump(rng: random.Random) -> EventSpec:
    """The sender's clock is off by up to two days."""
    jump = rng.randint(-48 * 3600, 48 * 3600) * 1_000_000

    def chapter(builder: Timeline) -> None:
        builder.now += jump

    return chapter


def _arriving(rng: random.Random, events: list[Any], shape: Workload) -> list[Any]:
    """Some events are late; those of one person stay in their order unless the workload says otherwise."""
    if shape.any_order:
        return _delayed(rng, events, lambda event: event.event_id)
    return _delayed(rng, events, lambda event: event.primary_identifier)


def _delayed(rng: random.Random, events: list[Any], lane_of: Callable[[Any], str]) -> list[Any]:
    """Events of one lane keep their order; lanes are independent: each event draws the time at which it arrives."""
    lanes: dict[str, float] = {}
    due: list[float] = []
    for number, event in enumerate(events):
        late = rng.random() * len(events) if rng.random() < 0.2 else 0.0
        lane = lane_of(event)
        lanes[lane] = max(lanes.get(lane, 0.0), number + late)
        due.append(lanes[lane])
    return [events[number] for number in sorted(range(len(events)), key=lambda number: (due[number], number))]


def _repeated(rng: random.Random, events: list[Any], shape: Workload) -> list[Any]:
    """Adds a third as duplicates: soon after the event, or at any time where only the ledger has to detect them."""
    for _ in range(len(events) // 3):
        place = rng.randrange(len(events))
        latest = len(events) if shape.any_order else min(place + 12, len(events))
        events.insert(rng.randint(place, latest), events[place])
    return events
