"""Random histories of points equal the naive model (`tests.oracles.loyalty`), and nothing is lost or made.

A hundred histories, 10,000 in the long form: people buy, return, spend, get back, transfer, are adjusted, merge and
split, while points wait and expire and clocks jump.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from processors.rewards import core as rewards
from processors.rewards import ledger
from processors.rewards.ledger import lots_of, spendable
from processors.rewards.state import Account
from processors.shell.state.records import Active
from processors.step import Effect, Emit
from schemas.brand.model import Loyalty, Reward
from schemas.brand.reward_terms import Caps
from schemas.events import PointsMoved, RewardPosted
from tests.oracles.loyalty import NEVER, LoyaltyBook
from tests.oracles.loyalty_calendar import Earning, Per, end_of_day, end_of_month, over_cap
from tests.support.builders import at, build_events, event_id, merged, parted, person, points, purchase, returned, scan
from tests.support.harness import Harness
from tests.support.reference import reference
from tests.support.seeds import draw_seed

HISTORIES, LONG_HISTORIES, OPERATIONS = 100, 10_000, 40
ZONE = "Europe/Berlin"
NAMES = {person(who): who for who in ("anna", "ben", "cleo", "dora")}
PROFILES = sorted(NAMES)
DAY_US = 86_400_000_000
UNIT = Reward(id="unit", version=1, on=("sale",), points_per_unit=1)


class History:
    """One that is told to the ledger and to the model alike."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        days, months = rng.choice(((0, 0), (3, 0), (9, 0), (0, 1)))
        self.days, self.months = days, months
        self.pending = rng.choice((0, 0, 2))
        loyalty = Loyalty(
            id="points", zone=ZONE, active_after=self.pending, expire_after_days=days, expire_after_months=months,
            expire_at="month" if months else "day", below_zero=rng.random() < 0.5,
        )  # fmt: skip
        self.harness = Harness(rewards.PROCESSOR, reference(rewards=(UNIT,), loyalty=(loyalty,)))
        self.book = LoyaltyBook(below_zero=loyalty.below_zero)
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
        self.specs: list[Any] = []
        self.sales: dict[str, list[int]] = {}
        self.spent: dict[str, str] = {}
        self.posted = 0

    def run(self) -> None:
        for number in range(OPERATIONS):
            # Points that could be spent by the clock of one event may be pending by the earlier clock of the next.
            jump = self.rng.choice((0, 0, 1, 6, 30, 30, 90, 0 if self.pending else -20))
            self.now = max(self.now + timedelta(hours=jump), datetime(2026, 3, 2, 12, tzinfo=UTC))
            self.specs.append(at(self.now.strftime("%Y-%m-%dT%H:%M:%S")))
            self.step(f"op-{number}")
            self.compare()

    def step(self, id: str) -> None:
        who, count, now = self.rng.choice(PROFILES), self.rng.randint(1, 30), round(self.now.timestamp() * 1e6)
        book, luck = self.book, self.rng.random()
        if not 0.5 <= luck < 0.7:  # timers may be late: what has expired is not spent
            self.tick(now)
        if luck < 0.35:
            self.tell(purchase(str(count), who=NAMES[who], name=id))
            active_at = now + self.pending * DAY_US if self.pending else 0
            book.earn(id, who, count, now, active_at=active_at, expires_at=self.expiry(now))
            self.sales[id] = [count, count]
        elif luck < 0.5 and (open_sales := [sale for sale, (_, left) in self.sales.items() if left]):
            sale = self.rng.choice(open_sales)
            back = self.rng.choice((self.sales[sale][1], self.rng.randint(1, self.sales[sale][1])))
            self.sales[sale][1] -= back
            self.tell(returned(str(back), of=sale, who=NAMES[book.earnings[sale].lot.profile], name=id))
            book.is_due(id, sale, self.sales[sale][1], now)
        elif luck < 0.7:
            self.tell(points("spent", count, who=NAMES[who], name=id))
            if book.spend(id, who, count, now):
                self.spent[id] = who
        elif luck < 0.78 and self.spent:
            spend = self.rng.choice(list(self.spent))
            self.tell(points("returned", count, who=NAMES[self.spent[spend]], name=id, redemption_id=event_id(spend)))
            book.give_back(id, spend, count, now)
        elif luck < 0.84:
            signed = self.rng.choice((count, -count))
            self.tell(points("adjusted", signed, who=NAMES[who], name=id))
            book.adjust(id, who, signed, now, expires_at=self.expiry(now))
        elif luck < 0.9:
            to = self.rng.choice([one for one in PROFILES if book._person(one) != book._person(who)] or [who])
            if to != who:
                self.tell(points("transferred", count, who=NAMES[who], name=id, to=to))
                book.transfer(id, who, to, count, now)
        else:
            self.regroup(id, who, now)

    def regroup(self, id: str, who: str, now: int) -> None:
        """A profile becomes a person of its own again, or all of a person become another's."""
        now_of = self.book._person(who)
        if now_of != who and self.rng.random() < 0.5:
            self.tell(parted(NAMES[who], from_=NAMES[now_of]))
            self.book.move(id, who, who, now)
            return
        into = self.book._person(self.rng.choice(PROFILES))
        for profile in sorted(self.book._profiles(who)) if into != now_of else ():
            self.tell(merged(NAMES[now_of], into=NAMES[into], profile=NAMES[profile]))
            self.book.move(f"{id} {profile}", profile, into, now)

    def expiry(self, now: int) -> int:
        if self.months:
            return end_of_month(now, self.months, ZONE)
        return end_of_day(now, self.days, ZONE) if self.days else NEVER

    def tick(self, now: int) -> None:
        """Timers of all people."""
        self.follow(self.harness.wake(now))
        self.book.clock(now)

    def tell(self, spec: Any) -> None:
        self.specs.append(spec)
        event = build_events(*self.specs)[-1]
        self.follow(self.harness.apply(event))
        self.follow(self.harness.wake(event.occurred_at))
        self.book.clock(event.occurred_at)

    def follow(self, effects: list[Effect]) -> None:
        """Transfers of parts and of points arrive."""
        effects = [*effects, *self.harness.deliver(effects)]
        for effect in effects:
            event = effect.event if isinstance(effect, Emit) else None
            if isinstance(event, RewardPosted):
                self.posted += event.points
            elif isinstance(event, PointsMoved):
                self.follow(self.harness.apply(event))

    def compare(self) -> None:
        accounts = {
            key: record.state
            for key, record in self.harness.records.items()
            if isinstance(record, Active) and isinstance(record.state, Account)
        }
        left = {
            (profile, expires_at): lot.left
            for account in accounts.values()
            for profile, part in account.parts.items()
            for expires_at, lot in lots_of(part).items()
            if lot.left
        }
        assert left == self.book.left()
        assert self.posted == sum(left.values()), "the entries do not add up to what is left"
        now = round(self.now.timestamp() * 1e6)
        for who in PROFILES:
            account = accounts.get(self.book._person(who))
            assert (spendable(account, now) if account is not None else 0) == self.book.spendable(who, now)
        self.book.check()


def test_the_histories_find_a_ledger_that_spends_points_of_an_expired_lot() -> None:
    with (
        patch.object(ledger, "open_lots", lambda lots, at: lots.items()),
        pytest.raises(AssertionError),
    ):
        for seed in range(HISTORIES):
            History(Random(f"points {seed}")).run()


@pytest.mark.parametrize("per", ["day", "week", "ever"])
def test_caps_refuse_what_the_naive_calendar_refuses(per: Per) -> None:
    rng = Random(f"caps {draw_seed()}")
    capped = Reward(id="capped", version=1, on=("scan",), points=5, caps=Caps(**{per: 3}))
    harness = Harness(rewards.PROCESSOR, reference(rewards=(capped,)))
    hours = sorted(rng.sample(range(24 * 30), 60))
    times = [datetime(2026, 3, 16, tzinfo=UTC) + timedelta(hours=hour, minutes=17) for hour in hours]
    specs = [spec for time in times for spec in (at(time.strftime("%Y-%m-%dT%H:%M:%S")), scan())]
    events = build_events(*specs)
    effects = harness.apply(*events)
    earned = {e.event.source_event_id for e in effects if isinstance(e, Emit) and isinstance(e.event, RewardPosted)}
    over = over_cap([Earning(event.event_id, event.occurred_at, 1) for event in events], 3, per, ZONE)
    assert earned == {event.event_id for event in events} - set(over)


@pytest.mark.timeout(4 * 3600)
def test_random_histories_equal_the_naive_model(long: bool) -> None:
    first = draw_seed()
    for seed in range(first, first + (LONG_HISTORIES if long else HISTORIES)):
        try:
            History(Random(f"points {seed}")).run()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
