"""Made-up customers and what they do, known now by this, now by that: always the same for a seed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from schemas.ids import derived

FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)
STORES = ("berlin-mitte", "lisbon-chiado")
OTHERS = ("page_view", "store_entry", "store_exit", "event_checkin", "review_written")
SALE_SHARE, RETURN_SHARE = 0.2, 0.1
CENT = Decimal("0.01")
KNOWN_BY = ("customer", "customer", "device", "device", "email", "customer device", "customer email", "device email")
"""As what somebody shows up; two at once join what was known of either before."""
DEVICES = 2

Json = dict[str, Any]


@dataclass
class Crowd:
    """``made`` has every event that was ever made, by its id, in the shape of the events API. Without ``joining``
    everybody is only ever known by their customer number."""

    seed: int
    people: int = 400
    joining: bool = True
    made: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._kept: list[Json] = []

    def events(self, count: int) -> list[Json]:
        """The next events: a fifth are sales, of which some are returned later, as a whole or in part."""
        return [self._next() for _ in range(count)]

    def _next(self) -> Json:
        chance = self._random.random()
        if chance < RETURN_SHARE and self._kept:
            sale = self._kept.pop(self._random.randrange(len(self._kept)))
            return self._event("return", sale["identifiers"], properties=self._given_back(sale))
        who = self._somebody()
        if chance < RETURN_SHARE + SALE_SHARE:
            paid = {"amount": str(self._random.randrange(1, 9000) * CENT), "currency": "EUR"}
            self._kept.append(sale := self._event("sale", who, properties=paid))
            return sale
        return self._event(self._random.choice(OTHERS), who)

    def _somebody(self) -> list[Json]:
        number = self._random.randrange(self.people)
        known_by = self._random.choice(KNOWN_BY if self.joining else ("customer",))
        values = {
            "customer": f"crowd-{self.seed}-{number}",
            "device": f"phone-{self.seed}-{number}-{self._random.randrange(DEVICES)}",
            "email": f"crowd-{self.seed}-{number}@example.org",
        }
        return [{"type": kind, "value": values[kind]} for kind in known_by.split()]

    def _given_back(self, sale: Json) -> Json:
        cents = int(Decimal(sale["properties"]["amount"]) / CENT)
        returned = cents if self._random.random() < 0.5 else self._random.randrange(cents)
        return {"amount": str(returned * CENT), "currency": "EUR", "sale_event_id": sale["event_id"]}

    def _event(self, kind: str, who: list[Json], **more: Any) -> Json:
        number = len(self.made)
        event = {
            "event_id": derived("crowd", str(self.seed), str(number)),
            "type": kind,
            "occurred_at": (FIRST + timedelta(seconds=number)).isoformat(),
            "store": self._random.choice(STORES),
            "identifiers": who,
            **more,
        }
        self.made[event["event_id"]] = event
        return event
