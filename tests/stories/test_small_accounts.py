"""An account stays small and quick however long its person comes: daily scans and weekly purchases for ten years."""

import time
from typing import Any

import msgspec
import pytest

from processors.rewards.core import PROCESSOR
from processors.rewards.state import Account
from processors.shell.state.records import Active, StateRecordCodec
from schemas.brand.model import Loyalty, Reward
from schemas.events import RewardPosted, TouchpointIdentified
from tests.support.builders import build_events, micros, person, purchase, returned, scan
from tests.support.harness import Harness
from tests.support.reference import SCANNED, reference

DAY_US = 86_400_000_000
MOST_BYTES = 64 * 1024
LOYALTY = Loyalty(id="points", zone="Europe/Berlin", expire_after_months=24, expire_at="month")
ROLLING = Loyalty(id="points", zone="Europe/Berlin", expire_after_days=365)
BOUGHT = Reward(id="bought", version=1, on=("sale",), points_per_unit=2, active_after=14)
CODEC = StateRecordCodec(Account)


class Shopper:
    """Somebody who scans every day and buys every week, returns a purchase each month, and spends points each year."""

    def __init__(self, loyalty: Loyalty | None) -> None:
        self.reference = reference(rewards=(SCANNED, BOUGHT), loyalty=(loyalty,) if loyalty else ())
        [self.scan, self.sale, self.back] = build_events(scan(), purchase("30"), returned("10"))
        self.row = b""
        self.posted = 0

    def events(self, day: int) -> list[TouchpointIdentified]:
        at = self.scan.occurred_at + day * DAY_US
        events = [self._event(self.scan, f"scan/{day:032}", at)]
        if day % 7 == 0:
            events.append(self._event(self.sale, f"till/sale-{day:031}", at + 1))
        if day % 28 == 1:
            back = self._event(self.back, f"till/back-{day:031}", at + 2)
            events.append(msgspec.structs.replace(back, related_event_id=f"till/sale-{day - 1:031}"))
        if day % 365 == 300:
            spent = self._event(self.scan, f"till/spent-{day:030}", at + 3)
            events.append(msgspec.structs.replace(spent, type="points_spent", properties='{"points":50}'))
        return events

    def live(self, days: range) -> float:
        """Seconds that a step takes, with reading and writing its row, of the fastest."""
        fastest = 1.0
        for day in days:
            for event in self.events(day):
                began = time.perf_counter()
                self.take(event)
                fastest = min(fastest, time.perf_counter() - began)
        return fastest

    def take(self, event: Any) -> None:
        before = CODEC.decode(self.row) if self.row else Active(None)
        assert isinstance(before, Active)
        state = before.state
        while state is not None and (at := PROCESSOR.wakes(state)) is not None and at <= event.occurred_at:  # type: ignore[misc]
            state = self._after(PROCESSOR.due(state, at, self.reference), event)  # type: ignore[misc]
        state = self._after(PROCESSOR.step(state, event, self.reference), event)
        self.row = CODEC.encode(Active(state, before.seen, before.redirects))

    def _after(self, step: Any, event: Any) -> Any:
        for effect in step.effects:
            message = getattr(effect, "event", None)
            if isinstance(message, RewardPosted):
                self.posted += message.points
        return step.state

    @property
    def account(self) -> Account:
        record = CODEC.decode(self.row)
        assert isinstance(record, Active) and isinstance(record.state, Account)
        return record.state

    @staticmethod
    def _event(event: Any, id: str, at: int) -> Any:
        return msgspec.structs.replace(event, event_id=id, occurred_at=at, received_at=at)


@pytest.mark.parametrize("loyalty", [LOYALTY, ROLLING, None], ids=["months", "days", "never"])
def test_ten_years_are_one_small_row_and_a_step_costs_what_it_did(loyalty: Loyalty | None) -> None:
    shopper = Shopper(loyalty)
    shopper.live(range(335))
    first = shopper.live(range(335, 365))
    shopper.live(range(365, 3620))
    last = shopper.live(range(3620, 3650))
    assert len(shopper.row) <= MOST_BYTES
    assert last <= 1.5 * first, f"{last / first:.2f} times"
    assert shopper.account.balance == shopper.posted
    part = shopper.account.part(person("anna"))
    assert sum(lot.left for lot in part.lots.values()) == part.balance
    again = shopper.row
    for event in (*shopper.events(0), *shopper.events(7), *shopper.events(3500)):
        shopper.take(event)
    assert shopper.row == again, "what is closed is not posted again"


def test_a_return_of_a_closed_sale_takes_nothing_and_its_key_forgets(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(SCANNED, BOUGHT), loyalty=(LOYALTY,))
    rewards.twice = False
    shopper = Shopper(LOYALTY)
    sales = [shopper.events(day)[1] for day in range(0, 500, 7)]
    rewards.apply(*sales)
    assert len(rewards.referenced) > len(sales), "the keys of closed sales are told so"
    before = rewards.state("anna")
    assert len(before.part(person("anna")).history.sales) < len(sales)
    [back] = build_events(returned("30"))
    late = msgspec.structs.replace(
        back, event_id="late", related_event_id=sales[0].event_id, occurred_at=sales[-1].occurred_at
    )
    assert rewards.apply(late) == []
    assert rewards.state("anna") == before
    unnamed = msgspec.structs.replace(back, event_id="unnamed", occurred_at=sales[-1].occurred_at)
    rewards.apply(unnamed)
    assert rewards.state("anna").balance == before.balance - 60
    assert micros("30") == sales[0].amount_micros
