"""One person, wherever they show up: a phone becomes a customer's, and is let go of again, on the whole system."""

from uuid import uuid4

import pytest

from gateway.device import COOKIE
from tests.stack.whole import Street, wait_until

pytestmark = pytest.mark.timeout(120)
NOON, EVENING, LATER = "2026-06-01T12:00:00Z", "2026-06-01T18:00:00Z", "2026-06-02T09:00:00Z"
SOON_S = 20
"""Long enough for a busy machine; the bench measures how soon it is."""


class Shopper:
    """Somebody with a phone of their own and a customer number, whom nobody has met yet."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.phone, self.number = uuid4().hex[:22], str(uuid4())
        self.scanned = street.scan(f"{COOKIE}={self.phone}")["Footpath-Event"]
        self.bought = self.send("sale", NOON, customer=True, amount="30.00", currency="EUR")

    def send(self, kind: str, at: str, *, customer: bool = False, phone: bool = False, **properties: str) -> str:
        event_id = str(uuid4())
        known = [{"type": "customer", "value": self.number}] * customer + [
            {"type": "device", "value": self.phone}
        ] * phone
        event = {"event_id": event_id, "type": kind, "occurred_at": at, "identifiers": known, "properties": properties}
        for _ in range(2):  # whoever sends it is not sure that it arrived
            (verdict,) = self.street.send(event)
            assert verdict["status"] in ("accepted", "duplicate"), verdict
        return event_id

    def people(self) -> dict[str, str]:
        """The person of today behind the scan and behind the sale."""
        events = (self.scanned, self.bought)
        rows = self.street.rows(f"SELECT event_id, person_id FROM touchpoint WHERE event_id IN {events}")
        return {row["event_id"]: row["person_id"] for row in rows}

    def are(self, count: int) -> bool:
        people = self.people()
        return len(people) == 2 and len(set(people.values())) == count

    def are_rewarded(self) -> bool:
        """Whether both the scan and the sale have earned."""
        events = (self.scanned, self.bought)
        earned = f"SELECT uniqExact(source_event_id) FROM reward_posted WHERE source_event_id IN {events}"
        return bool(self.street.value(earned) == 2)

    def points(self) -> list[int]:
        """Balances of the people that the scan and the sale belong to."""
        people = tuple({*self.people().values(), ""})
        rows = self.street.rows(f"SELECT points FROM balance WHERE toString(person_id) IN {people}")
        return sorted(row["points"] for row in rows)


def test_an_app_that_knows_both_makes_one_person_of_two(street: Street) -> None:
    shopper = Shopper(street)
    wait_until(lambda: shopper.are(2) and shopper.are_rewarded(), SOON_S)
    before = shopper.points()
    shopper.send("app_opened", EVENING, customer=True, phone=True)
    wait_until(lambda: shopper.are(1), SOON_S)
    assert shopper.points() == [sum(before)]


def test_what_an_operator_takes_apart_is_two_again_and_stays_so(street: Street) -> None:
    """Points go back to whom they were earned by, and no replay of the evidence joins the two again."""
    shopper = Shopper(street)
    shopper.send("app_opened", EVENING, customer=True, phone=True)
    wait_until(lambda: shopper.are(1) and shopper.are_rewarded(), SOON_S)
    together = shopper.points()
    shopper.send("identity_unlinked", LATER, customer=True, phone=True)
    wait_until(lambda: shopper.are(2), SOON_S)
    assert sum(shopper.points()) == sum(together)
    shopper.send("app_opened", EVENING, customer=True, phone=True)
    again = shopper.send("app_opened", LATER, customer=True, phone=True)
    wait_until(lambda: street.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{again}'"), SOON_S)
    assert shopper.are(2)


def test_what_they_earn_apart_and_together_is_what_the_rules_give(street: Street) -> None:
    """A sale is returned after the merge: the points that it earned before are taken back from the person of now."""
    shopper = Shopper(street)
    wait_until(shopper.are_rewarded, SOON_S)
    shopper.send("app_opened", EVENING, customer=True, phone=True)
    wait_until(lambda: shopper.are(1), SOON_S)
    before = shopper.points()
    shopper.send("return", LATER, customer=True, amount="30.00", currency="EUR", sale_event_id=shopper.bought)
    earned = f"SELECT sum(points) FROM reward_posted FINAL WHERE source_event_id = '{shopper.bought}'"
    wait_until(lambda: shopper.points() == [before[0] - street.value(earned)], SOON_S)
