"""Points expire, wait for the end of a return's window, and are paid back first when they are owed."""

from typing import Any

import msgspec
import pytest

from processors.rewards.ledger import lots_of, spendable
from processors.rewards.lots import lot_name, terms
from processors.rewards.state import Account, AccountPart
from processors.shell.state.records import Active
from schemas.brand.model import Loyalty, Reward
from schemas.events import RewardPosted
from tests.support.builders import ANNA, after, at, build_events, merged, parted, person, purchase, returned, scan
from tests.support.harness import Harness, balance, sentence
from tests.support.reference import BOUGHT, SCANNED, reference

DAY_US = 86_400_000_000
TWO_DAYS = Loyalty(id="points", zone="Europe/Berlin", expire_after_days=2)
MONTHS = Loyalty(id="points", zone="Europe/Berlin", expire_after_months=12, expire_at="month")
AFTER_RETURNS = Loyalty(id="points", zone="Europe/Berlin", active_after=14)


def left(harness: Harness, who: str = ANNA) -> dict[str, int]:
    """What is left of each lot of a person."""
    found: dict[str, int] = {}
    for part in harness.state(who).parts.values():
        for expires_at, lot in lots_of(part).items():
            found[lot_name(expires_at)] = found.get(lot_name(expires_at), 0) + lot.left
    return found


def entries(effects: list[Any]) -> list[RewardPosted]:
    return [effect.event for effect in effects if isinstance(getattr(effect, "event", None), RewardPosted)]


def test_points_expire_at_the_end_of_their_last_day_in_the_brands_zone(rewards: Harness) -> None:
    rewards.reference = reference(loyalty=(TWO_DAYS,))
    [scanned] = build_events(at("2026-03-02T23:30", "UTC"), scan())  # the third of March in Berlin
    [earned] = entries(rewards.apply(scanned))
    assert (earned.lot, earned.active_at) == ("2026-03-05T23:00:00Z", 0)
    assert rewards.wake(earned.expires_at - 1) == []
    expired = rewards.wake(earned.expires_at)
    assert [sentence(effect) for effect in expired] == ["anna -5 expired"]
    assert all(effect.transactional for effect in expired)  # type: ignore[union-attr]
    assert (entries(expired)[0].lot, entries(expired)[0].occurred_at) == (earned.lot, earned.expires_at)
    assert balance(rewards, ANNA) == 0
    assert rewards.wake(earned.expires_at + 10 * DAY_US) == []


@pytest.mark.parametrize(
    ("local", "lot"),
    [
        ("2026-03-02T10:00", "2027-03-31T22:00:00Z"),  # summer time by then
        ("2026-12-31T23:59", "2027-12-31T23:00:00Z"),
        ("2028-02-29T10:00", "2029-02-28T23:00:00Z"),
    ],
)
def test_a_month_ends_in_the_brands_zone(local: str, lot: str) -> None:
    [event] = build_events(at(local, "Europe/Berlin"), scan())
    assert lot_name(terms(SCANNED, event.occurred_at, reference(loyalty=(MONTHS,)).brand)[1]) == lot


def test_points_wait_for_the_end_of_the_returns_window_and_a_rule_may_say_otherwise(rewards: Harness) -> None:
    at_once = Reward(id="thanks", version=3, on=("sale",), points=10, active_after=0)
    rewards.reference = reference(rewards=(BOUGHT, at_once), loyalty=(AFTER_RETURNS,))
    [sale] = build_events(purchase("4"))
    rewards.apply(sale)
    account = rewards.state(ANNA)
    assert spendable(account, sale.occurred_at) == 10
    assert spendable(account, sale.occurred_at + 14 * DAY_US - 1) == 10
    assert spendable(account, sale.occurred_at + 14 * DAY_US) == 18
    assert account.balance == 18


def test_a_return_takes_pending_points_first(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(SCANNED, BOUGHT), loyalty=(AFTER_RETURNS,))
    scanned, sale, back = build_events(
        scan(), after("20 days"), purchase("4", name="sale-1"), returned("3", of="sale-1")
    )
    rewards.apply(scanned, sale, back)
    assert spendable(rewards.state(ANNA), back.occurred_at) == 5
    assert spendable(rewards.state(ANNA), back.occurred_at + 14 * DAY_US) == 7


def test_what_has_expired_is_not_taken_back_from_other_points(rewards: Harness) -> None:
    rewards.reference = reference(loyalty=(TWO_DAYS,))
    sale, later, back = build_events(
        purchase("4", name="sale-1"), after("5 days"), scan(), after("1 hour"),
        returned("4", of="sale-1"),
    )  # fmt: skip
    rewards.apply(sale)
    rewards.wake(later.occurred_at)
    rewards.apply(later)
    assert [sentence(one) for one in rewards.apply(back)] == ["anna +0 bought for return-1, 8 forgiven"]
    assert balance(rewards, ANNA) == 5


def test_what_a_return_did_not_take_another_does_not_give_back(rewards: Harness) -> None:
    """A late sale moves the booking of a return from a sale whose points had expired."""
    rewards.reference = reference(loyalty=(TWO_DAYS,))
    first, late, back = build_events(purchase("4"), after("1 second"), purchase("4"), after("4 days"), returned("4"))
    rewards.apply(first)
    rewards.wake(back.occurred_at)
    rewards.apply(back)
    assert balance(rewards, ANNA) == 0
    effects = rewards.apply(late)
    rewards.wake(back.occurred_at)
    assert sum(entry.points for entry in entries(effects)) == 8 - 0 - 8
    assert balance(rewards, ANNA) == 0


def test_points_of_before_there_were_lots_never_expire(rewards: Harness) -> None:
    """A state of the release before has entries and no lots."""
    rewards.apply(*build_events(scan()))
    [key] = [key for key, record in rewards.records.items() if isinstance(record, Active) and record.state.parts]
    record = rewards.records[key]
    assert isinstance(record, Active)
    part = record.state.parts[person(ANNA)]
    old = Account({person(ANNA): msgspec.structs.replace(part, lots={})})
    rewards.records[key] = Active(old, record.seen, record.redirects)
    rewards.reference = reference(loyalty=(TWO_DAYS,))
    [scanned] = build_events(after("3 days"), scan(name="second"))
    rewards.apply(scanned)
    assert left(rewards) == {"": 5, "2026-03-07T23:00:00Z": 5}
    assert balance(rewards, ANNA) == 10


def test_lots_stay_with_their_source_profile(rewards: Harness) -> None:
    rewards.reference = reference(loyalty=(TWO_DAYS,))
    events = build_events(scan(), scan(who="ben"), merged("ben", into=ANNA), parted("ben", from_=ANNA))
    rewards.run(*events[:3])
    assert left(rewards) == {"2026-03-04T23:00:00Z": 10}
    rewards.run(events[3])
    assert left(rewards) == left(rewards, "ben") == {"2026-03-04T23:00:00Z": 5}


def test_a_part_that_arrives_twice_has_its_points_once(rewards: Harness) -> None:
    [first, second] = build_events(scan(), scan())
    rewards.apply(first)
    early = rewards.state(ANNA).part(person(ANNA))
    rewards.apply(second)
    late = rewards.state(ANNA).part(person(ANNA))
    assert early.joined(late) == late.joined(early) == late == late.joined(late)
    [third] = build_events(scan(name="third"))
    other = Harness(rewards.processor, rewards.reference)
    other.apply(third)
    apart = other.state(ANNA).part(person(ANNA))
    both = late.joined(apart)
    assert both.balance == 15 == sum(lot.left for lot in both.lots.values())
    assert both.joined(apart) == both.joined(late) == both
    assert AccountPart().joined(late) == late


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"zone": "Europe/Berln"}, "zone"),
        ({"expire_after_days": 3, "expire_after_months": 3}, "expire_after_months"),
        ({"expire_after_days": -1}, "expire_after_days"),
        ({"active_after": 99_999}, "active_after"),
        ({"expire_at": "month"}, "expire_at"),
        ({"expire_after_days": 10, "active_after": 30}, "active_after"),
        ({"taken_back_days": 1}, "taken_back_days"),
    ],
)
def test_what_has_no_meaning_is_refused(wrong: dict[str, Any], field: str) -> None:
    loyalty = Loyalty(**({"id": "points", "zone": "UTC"} | wrong))
    assert field in {found for found, _ in loyalty.mistakes(reference(loyalty=(loyalty,)).brand)}  # type: ignore[arg-type]
