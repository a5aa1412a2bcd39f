"""Models of rewards in plain loops, to compare the processor with: no parts, no versions, all events at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.ids import hash64

SCAN, UNIT = 5, 2
"""Points of a scan, and of each whole unit that stays paid of a sale, by the rules of the test brand."""
MICROS = 1_000_000


@dataclass
class NaiveModel:
    """The balances of people who are merged and split. ``person_of`` has the current person of each source profile;
    ``events`` everything that happened, each with its source profile's name."""

    people: tuple[str, ...]
    person_of: dict[str, str] = field(default_factory=dict)
    events: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.person_of = {who: who for who in self.people}

    def group(self, who: str) -> set[str]:
        return {other for other in self.people if self.person_of[other] == self.person_of[who]}

    def resolve(self, group: set[str], name: str) -> None:
        self.person_of |= dict.fromkeys(group, name)

    def balances(self) -> dict[str, int]:
        """By source profile."""
        sellers = {event.event_id: who for who, event in self.events if event.type == "sale"}
        points = dict.fromkeys(self.people, 0)
        money: dict[str, list[Any]] = {who: [] for who in self.people}
        for who, event in self.events:
            if event.type == "scan":
                points[who] += SCAN
            else:
                money[self.person_of[sellers.get(event.related_event_id, who)]].append(event)
        for events in money.values():
            for sale, left in net_of_returns(events).items():
                points[sellers[sale]] += UNIT * (left // MICROS)
        return points


def net_of_returns(events: Sequence[Any]) -> dict[str, int]:
    """What is left of each sale of one person, in millionths by event id: the rule of ``processors.purchases`` as plain
    loops. The returns are those that name one of these sales, and the person's own that name none or an unknown one."""
    sales = {event.event_id: event for event in events if event.type == "sale"}
    returns = [event for event in events if event.type == "return"]
    left = {id: sale.amount_micros for id, sale in sales.items()}
    waiting = {back.event_id: back.amount_micros for back in returns}

    def book(back: Any, sale: Any) -> None:
        if back.currency == sale.currency:
            taken = max(0, min(waiting[back.event_id], left[sale.event_id]))
            left[sale.event_id] -= taken
            waiting[back.event_id] -= taken

    for back in sorted(returns, key=lambda event: (event.occurred_at, event.amount_micros, hash64(event.event_id))):
        if back.related_event_id in sales:
            book(back, sales[back.related_event_id])
    after_named, over = dict(left), dict(waiting)

    def place(event: Any, amounts: dict[str, int]) -> tuple[int, int, int]:
        return event.occurred_at, amounts[event.event_id], hash64(event.event_id)

    latest_first = sorted(sales.values(), key=lambda sale: place(sale, after_named), reverse=True)
    for back in sorted(returns, key=lambda event: place(event, over)):
        if not back.related_event_id or back.related_event_id in sales:
            for sale in latest_first:
                if sale.occurred_at <= back.occurred_at:
                    book(back, sale)
    return left
