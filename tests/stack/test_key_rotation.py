"""The identifier key of a whole system is changed: everybody stays who they are, with their points and history."""

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.scan.device import COOKIE
from schemas.identifiers.rotation import SOURCE
from tests.support.full_stack import FullStack, wait_until

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("long_form")]
CUSTOMERS = [f"C-{uuid4().hex[:8]}" for _ in range(5)]
RETURNING, NEWCOMER = CUSTOMERS[:4], f"C-{uuid4().hex[:8]}"
"""One of the customers does not come back while both keys are there."""


class Shop:
    """A system with the file of its identifier keys. ``sales`` are the event ids of each customer's purchases."""

    def __init__(self, stack: FullStack) -> None:
        self.stack = stack
        self.file = stack.data / "secrets" / "identifier.key"
        self.sales: dict[str, list[str]] = {}
        self.cookie = ""
        self.scans: list[str] = []

    def restart_with(self, text: str) -> None:
        """The gateway, which ends as if it had crashed."""
        self.file.write_text(text)
        self.stack.kill("gateway")
        wait_until(self._is_ready, self.stack.logs)

    def _is_ready(self) -> bool:
        try:
            return self.stack.get("/health/stream")[0] == 200
        except OSError:
            return False

    def buy(self, customer: str, **properties: Any) -> None:
        event_id = str(uuid4())
        event = {
            "event_id": event_id,
            "type": "sale",
            "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "identifiers": [
                {"type": "customer", "value": customer},
                {"type": "email", "value": f"{customer}@mail.example"},
            ],
            "properties": {"amount": "10.00", "currency": "EUR", **properties},
        }
        for _ in range(2):  # the replay twin
            assert self.stack.send(event)[0]["status"] in ("accepted", "duplicate")
        self.sales.setdefault(customer, []).append(event_id)

    def scan(self) -> None:
        """The same phone, with the cookie that it has."""
        headers = self.stack.scan(self.cookie)
        self.cookie = headers["Set-Cookie"].partition(";")[0]
        self.scans.append(headers["Footpath-Event"])

    def people_of(self, events: list[str]) -> list[str]:
        """The person of each event, once all are stored."""
        query = f"SELECT event_id, person_id FROM touchpoint WHERE event_id IN {(*events, '')}"
        found = {row["event_id"]: row["person_id"] for row in self.stack.rows(query)}
        return [found[event] for event in events] if len(found) == len(events) else []

    def is_one(self, events: list[str], person: str = "") -> bool:
        people = self.people_of(events)
        return bool(people) and set(people) == {person or people[0]}

    def points(self, person: str) -> int:
        return int(self.stack.value(f"SELECT sum(points) FROM balance WHERE toString(person_id) = '{person}'"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    stack = FullStack(tmp_path / "data")
    stack.start()
    yield Shop(stack)
    if stack.run:
        stack.stop()


def test_customers_stay_who_they_are_through_a_change_of_the_key(shop: Shop) -> None:
    stack = shop.stack
    old, new = shop.file.read_text().strip(), f"2027-01 {secrets.token_hex(32)}"
    for customer in CUSTOMERS:
        shop.buy(customer)
    shop.scan()
    wait_until(lambda: all(shop.people_of(shop.sales[one]) for one in CUSTOMERS) and shop.people_of(shop.scans))
    people = {one: shop.people_of(shop.sales[one])[0] for one in CUSTOMERS}
    phone = shop.people_of(shop.scans)[0]
    wait_until(lambda: all(shop.points(people[one]) == 10 for one in CUSTOMERS))

    shop.restart_with(f"{new}\n{old}\n")  # recognised, and linked in advance
    shop.buy(CUSTOMERS[0])
    wait_until(lambda: shop.is_one(shop.sales[CUSTOMERS[0]], people[CUSTOMERS[0]]))

    shop.restart_with(f"{old}\n{new}\n")
    for customer in (*RETURNING, NEWCOMER):
        shop.buy(customer)
    shop.scan()
    for customer in RETURNING:
        wait_until(lambda one=customer: shop.is_one(shop.sales[one], people[one]), stack.logs)  # type: ignore[misc]
    wait_until(lambda: shop.is_one(shop.scans, phone), stack.logs)
    wait_until(lambda: shop.people_of(shop.sales[NEWCOMER]))
    people[NEWCOMER] = shop.people_of(shop.sales[NEWCOMER])[0]
    assert len(set(people.values())) == len(people)
    wait_until(lambda: shop.points(people[CUSTOMERS[0]]) == 30 and shop.points(people[CUSTOMERS[1]]) == 20)
    # The next scan is answered with what is known of the phone from before.
    shop.scan()
    inputs = f"SELECT person_id FROM scan_routed WHERE scan_event_id = '{shop.scans[-1]}'"
    wait_until(lambda: stack.rows(inputs))
    assert stack.value(inputs) == phone
    linked = f"SELECT uniqExact(event_id) FROM touchpoint_recorded WHERE source = '{SOURCE}'"
    wait_until(lambda: stack.value(linked) == 2 * len((*RETURNING, NEWCOMER)) + 1)

    shop.restart_with(f"{new}\n")
    assert stack.footpath("deployment", "show").returncode == 0
    assert "is" in stack.footpath("deployment", "accept-key").stdout
    for customer in (*RETURNING, NEWCOMER):
        shop.buy(customer)
    shop.scan()
    for customer in (*RETURNING, NEWCOMER):
        wait_until(lambda one=customer: shop.is_one(shop.sales[one], people[one]), stack.logs)  # type: ignore[misc]
    wait_until(lambda: shop.is_one(shop.scans, phone), stack.logs)
    wait_until(lambda: shop.points(people[CUSTOMERS[0]]) == 40 and shop.points(people[NEWCOMER]) == 20)
    assert shop.cookie.startswith(COOKIE)

    shop.file.write_text(old)
    assert stack.footpath("deployment", "show").returncode == 2, "the old key alone is refused from now on"
