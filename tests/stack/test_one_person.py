"""Identity on the whole system: a phone and a customer number become one person, and two again."""

from uuid import uuid4

from tests.support.full_stack import FullStack, wait_until

NOON, EVENING, LATER = "2026-06-01T12:00:00Z", "2026-06-01T18:00:00Z", "2026-06-02T09:00:00Z"
"""Long enough for a busy machine; the bench measures the actual time."""


class Shopper:
    """A new person with a phone and a customer number that are not linked yet; has scanned and bought."""

    def __init__(self, stack: FullStack) -> None:
        self.stack = stack
        self.phone, self.number = uuid4().hex[:22], str(uuid4())
        self.scanned = stack.scan(stack.device_cookie(self.phone))["Footpath-Event"]
        self.bought = self.send("sale", NOON, customer=True, amount="30.00", currency="EUR")

    def send(self, kind: str, at: str, *, customer: bool = False, phone: bool = False, **properties: str) -> str:
        event_id = str(uuid4())
        known = [{"type": "customer", "value": self.number}] * customer + [
            {"type": "device", "value": self.phone}
        ] * phone
        event = {"event_id": event_id, "type": kind, "occurred_at": at, "identifiers": known, "properties": properties}
        for _ in range(2):  # a sender that lost the answer sends again
            (result,) = self.stack.send(event)
            assert result["status"] in ("accepted", "duplicate"), result
        return event_id

    def people(self) -> dict[str, str]:
        """The current person id of the scan and of the sale, by event id."""
        events = (self.scanned, self.bought)
        rows = self.stack.rows(f"SELECT event_id, person_id FROM touchpoint WHERE event_id IN {events}")
        return {row["event_id"]: row["person_id"] for row in rows}

    def are(self, count: int) -> bool:
        people = self.people()
        return len(people) == 2 and len(set(people.values())) == count

    def are_rewarded(self) -> bool:
        """Whether both the scan and the sale have earned."""
        events = (self.scanned, self.bought)
        earned = f"SELECT uniqExact(source_event_id) FROM reward_posted WHERE source_event_id IN {events}"
        return bool(self.stack.value(earned) == 2)

    def points(self) -> list[int]:
        """Balances of the people that the scan and the sale belong to."""
        people = tuple({*self.people().values(), ""})
        rows = self.stack.rows(f"SELECT points FROM balance WHERE toString(person_id) IN {people}")
        return sorted(row["points"] for row in rows)


def test_an_app_that_knows_both_makes_one_person_of_two(stack: FullStack) -> None:
    shopper = Shopper(stack)
    wait_until(lambda: shopper.are(2) and shopper.are_rewarded())
    before = shopper.points()
    shopper.send("app_opened", EVENING, customer=True, phone=True)
    wait_until(lambda: shopper.are(1))
    assert shopper.points() == [sum(before)]


def test_what_an_operator_takes_apart_is_two_again_and_stays_so(stack: FullStack) -> None:
    """Points return to the profiles that earned them, and later evidence does not link the two again."""
    shopper = Shopper(stack)
    shopper.send("app_opened", EVENING, customer=True, phone=True)
    wait_until(lambda: shopper.are(1) and shopper.are_rewarded())
    together = shopper.points()
    shopper.send("identity_unlinked", LATER, customer=True, phone=True)
    wait_until(lambda: shopper.are(2))
    assert sum(shopper.points()) == sum(together)
    shopper.send("app_opened", EVENING, customer=True, phone=True)
    again = shopper.send("app_opened", LATER, customer=True, phone=True)
    wait_until(lambda: stack.rows(f"SELECT 1 FROM touchpoint WHERE event_id = '{again}'"))
    assert shopper.are(2)


def test_what_they_earn_apart_and_together_is_what_the_rules_give(stack: FullStack) -> None:
    """A sale is returned after the merge: its points are reversed on the current person."""
    shopper = Shopper(stack)
    wait_until(shopper.are_rewarded)
    shopper.send("app_opened", EVENING, customer=True, phone=True)
    wait_until(lambda: shopper.are(1))
    before = shopper.points()
    shopper.send("return", LATER, customer=True, amount="30.00", currency="EUR", sale_event_id=shopper.bought)
    earned = f"SELECT sum(points) FROM reward_posted FINAL WHERE source_event_id = '{shopper.bought}'"
    wait_until(lambda: shopper.points() == [before[0] - stack.value(earned)])
