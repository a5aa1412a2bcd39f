"""Made-up streets: what a few people do on days when clocks are odd, and how it arrives."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas.events import TouchpointRecorded
from schemas.identifiers import anchor_of
from tests.stories.telling import (
    Chapter,
    Narrator,
    after,
    anchor,
    at,
    enter,
    leave,
    merged,
    parted,
    purchase,
    returned,
    scan,
    tap,
    told,
)
from tests.stories.world import BOUGHT, SCANNED, THANKS, route, world

PEOPLE = ("anna", "ben", "cleo", "dora")
MERGES = (
    merged("anna", into="ben"),
    merged("dora", into="cleo"),
    merged("ben", into="cleo"),
    merged("ben", into="cleo", own="anna"),
    parted("anna", from_="cleo"),
    parted("dora", from_="cleo"),
    merged("anna", into="cleo"),
)
"""What identity finds out, one after the other, where people merge; in the end three of the four are one."""
CARDS = {anchor(who): f"loyalty:{card}" for who, card in zip(PEOPLE, ("west", "west", "east", "east"), strict=True)}
ALONE = "dora"
"""Who is not one of them in the end: which sale of another a return of theirs finds would hang on the moment."""
WORLD = world(
    route("again", 20, visits_at_least=2),
    route("here", 10, in_store=True),
    route("else", 5, "know"),
    *(route(f"never-{number}", number, visits_at_least=99) for number in range(5)),  # so that an order is no accident
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
class Street:
    """What may happen: ``events`` at most, whether people merge, whether some returns name no sale (they are matched by
    time then), and whether the events of one person may overtake each other."""

    events: int = 40
    merges: bool = False
    nameless_returns: bool = False
    any_order: bool = False


def walk(seed: int, street: Street) -> tuple[Any, ...]:
    """The events in the order in which they arrive, some of them twice."""
    chance = random.Random(seed)
    told_events = told(*_chapters(chance, street))
    return tuple(_repeated(chance, _arriving(chance, told_events, street), street))


def as_recorded(events: tuple[Any, ...]) -> tuple[TouchpointRecorded, ...]:
    """As the gateway publishes them, before anybody knows the person."""
    fields = TouchpointRecorded.__struct_fields__
    return tuple(TouchpointRecorded(**{name: getattr(event, name) for name in fields}) for event in events)


def with_cards(seed: int, events: tuple[TouchpointRecorded, ...]) -> tuple[TouchpointRecorded, ...]:
    """The same, and at some of them the person shows a card, which each shares with somebody."""
    chance = random.Random(f"cards {seed}")
    shown = {event.event_id: event for event in events}
    for id, event in shown.items():
        if chance.random() < 0.4:
            both = (event.anchor, CARDS[event.anchor])
            shown[id] = msgspec.structs.replace(event, anchor=anchor_of(both), identifiers=both)
    return tuple(shown[event.event_id] for event in events)


def _chapters(chance: random.Random, street: Street) -> list[Chapter]:
    chapters: list[Chapter] = []
    sales: list[tuple[str, str]] = []
    for number in range(chance.randint(street.events // 4, street.events)):
        who = chance.choice(PEOPLE)
        match chance.randrange(9):
            case 0 | 1:
                tag, reply = chance.choice(["shelf", "poster", "bottle"]), chance.choice([None, 0, 1])
                chapters.append(scan(tag, who=who, reply_partition=reply))
            case 2:
                chapters.append(enter(chance.choice(["mitte", "bar"]), who=who))
            case 3:
                chapters.append(leave(who=who) if chance.random() < 0.5 else tap(who=who))
            case 4 | 5:
                sales.append((f"sale-{number}", who))
                chapters.append(purchase(f"{chance.randint(0, 30)}.50", "KB-1", who=who, name=sales[-1][0]))
            case 6 if sales:
                sale, buyer = sales.pop(chance.randrange(len(sales)))
                nameless = street.nameless_returns and chance.random() < 0.3
                who = buyer if chance.random() < 0.7 or (street.merges and ALONE in (buyer, who)) else who
                chapters.append(returned(f"{chance.randint(0, 30)}", of="" if nameless else sale, who=who))
            case 7:
                chapters.append(chance.choice(ODD_DAYS) if chance.random() < 0.3 else _clock_jump(chance))
            case _:
                chapters.append(after(chance.choice(["1 minute", "2 hours"])))
    if street.merges:
        for number, place in enumerate(sorted(chance.randint(0, len(chapters)) for _ in MERGES)):
            chapters.insert(number + place, MERGES[number])
    return chapters


def _clock_jump(chance: random.Random) -> Chapter:
    """The sender's clock is off by up to two days."""
    jump = chance.randint(-48 * 3600, 48 * 3600) * 1_000_000

    def chapter(narrator: Narrator) -> None:
        narrator.now += jump

    return chapter


def _arriving(chance: random.Random, events: list[Any], street: Street) -> list[Any]:
    """Some events are late; those of one person stay in their order unless the street says otherwise."""
    if street.any_order:
        return _delayed(chance, events, lambda event: event.event_id)
    return _delayed(chance, events, lambda event: event.anchor)


def _delayed(chance: random.Random, events: list[Any], lane_of: Callable[[Any], str]) -> list[Any]:
    """Events of one lane keep their order, lanes do not wait for each other: each draws times to arrive at."""
    lanes: dict[str, float] = {}
    due: list[float] = []
    for number, event in enumerate(events):
        late = chance.random() * len(events) if chance.random() < 0.2 else 0.0
        lane = lane_of(event)
        lanes[lane] = max(lanes.get(lane, 0.0), number + late)
        due.append(lanes[lane])
    return [events[number] for number in sorted(range(len(events)), key=lambda number: (due[number], number))]


def _repeated(chance: random.Random, events: list[Any], street: Street) -> list[Any]:
    """A third more, as duplicates: soon after, or at any time where the ledger alone has to know them."""
    for _ in range(len(events) // 3):
        place = chance.randrange(len(events))
        latest = len(events) if street.any_order else min(place + 12, len(events))
        events.insert(chance.randint(place, latest), events[place])
    return events
