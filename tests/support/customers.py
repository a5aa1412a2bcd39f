"""Generated customers and their events; a seed always gives the same ones."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from schemas.ids import derived

FIRST_OCCURRED_AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
STORES = ("berlin-mitte", "lisbon-chiado")
OTHER_KINDS = ("page_view", "store_entry", "store_exit", "event_checkin", "review_written")
SALE_SHARE, RETURN_SHARE = 0.2, 0.1
CENT = Decimal("0.01")
IDENTIFIER_TYPES = (
    "customer",
    "customer",
    "device",
    "device",
    "email",
    "customer device",
    "customer email",
    "device email",
)
"""Identifier types of one event, one choice of which is drawn; an event with two joins the components of both."""
DEVICES_PER_CUSTOMER = 2

Json = dict[str, Any]


@dataclass
class CustomerEvents:
    """Events in the shape of the events API.

    :param joining: False gives each event a customer number alone, so that no event joins two people.
    :param generated: every event so far, by event id.
    """

    seed: int
    people: int = 400
    joining: bool = True
    generated: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._unreturned_sales: list[Json] = []

    def take(self, count: int) -> list[Json]:
        """The next events: a fifth are sales, some of which are returned later, in full or in part."""
        return [self._next() for _ in range(count)]

    def _next(self) -> Json:
        drawn = self._random.random()
        if drawn < RETURN_SHARE and self._unreturned_sales:
            sale = self._unreturned_sales.pop(self._random.randrange(len(self._unreturned_sales)))
            return self._event("return", sale["identifiers"], properties=self._refund(sale))
        identifiers = self._identifiers()
        if drawn < RETURN_SHARE + SALE_SHARE:
            price = {"amount": str(self._random.randrange(1, 9000) * CENT), "currency": "EUR"}
            self._unreturned_sales.append(sale := self._event("sale", identifiers, properties=price))
            return sale
        return self._event(self._random.choice(OTHER_KINDS), identifiers)

    def _identifiers(self) -> list[Json]:
        """Identifiers of a random customer."""
        number = self._random.randrange(self.people)
        types = self._random.choice(IDENTIFIER_TYPES if self.joining else ("customer",))
        values = {
            "customer": f"customer-{self.seed}-{number}",
            "device": f"phone-{self.seed}-{number}-{self._random.randrange(DEVICES_PER_CUSTOMER)}",
            "email": f"customer-{self.seed}-{number}@example.org",
        }
        return [{"type": type_, "value": values[type_]} for type_ in types.split()]

    def _refund(self, sale: Json) -> Json:
        """Properties of a return of the sale: half of the returns are in full."""
        cents = int(Decimal(sale["properties"]["amount"]) / CENT)
        returned = cents if self._random.random() < 0.5 else self._random.randrange(cents)
        return {"amount": str(returned * CENT), "currency": "EUR", "sale_event_id": sale["event_id"]}

    def _event(self, kind: str, identifiers: list[Json], **fields: Any) -> Json:
        number = len(self.generated)
        event = {
            "event_id": derived("customer-events", str(self.seed), str(number)),
            "type": kind,
            "occurred_at": (FIRST_OCCURRED_AT + timedelta(seconds=number)).isoformat(),
            "store": self._random.choice(STORES),
            "identifiers": identifiers,
            **fields,
        }
        self.generated[event["event_id"]] = event
        return event
