"""Rewards: how often, on how many days, of whom, and what multiplies them."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.brand.model import Campaign, Reward, Tier
from schemas.brand.reward_terms import Caps, Milestone, Multiplier, Streak
from schemas.events import Line, RewardPosted
from tests.support.builders import (
    ANNA,
    after,
    at,
    build_events,
    enter,
    merged,
    micros,
    parted,
    purchase,
    returned,
    scan,
    touch,
)
from tests.support.harness import Harness, balance, sentence
from tests.support.reference import reference

FOREVER = 2**62


def rule(**fields: Any) -> Reward:
    return Reward(**{"id": "rule", "version": 1, "on": ("scan",), "points": 7, **fields})


def paid(harness: Harness, *specs: Any) -> list[str]:
    return [one for one in harness.run(*build_events(*specs)) if "rule" in one]


def test_the_first_time_only(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(rule(once=True),))
    told = rewards.run(*build_events(scan(), scan(), after("3 days"), scan("overseas")))
    assert told == ["anna +7 rule for scan-1", "dropped: capped", "dropped: capped"]


def test_so_often_a_day_and_week_of_the_stores_clock(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(rule(caps=Caps(day=1, week=2)),))
    story = (
        at("2026-03-02T23:30", "Europe/Berlin"),  # a Monday
        scan(),
        after("20 minutes"),
        scan(),
        after("20 minutes"),  # Tuesday in Berlin, Monday in London
        scan(),
        at("2026-03-08T23:50", "Europe/Berlin"),
        scan(),
        after("20 minutes"),
        scan(),
    )
    assert paid(rewards, *story) == [f"anna +7 rule for scan-{number}" for number in (1, 3, 5)]


def test_a_streak_forgives_as_many_days_as_its_grace(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(rule(streak=Streak(length=3, grace=1)),))
    story = (scan(), after("2 days"), scan(), after("2 days"), scan(), scan(), after("1 day"), scan(), scan())
    assert paid(rewards, *story) == ["anna +7 rule for scan-5"]


def test_a_streak_of_weeks_pays_again_for_other_weeks(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(rule(streak=Streak(length=2, every="week", repeat=True)),))
    story = [spec for _ in range(5) for spec in (scan(), after("7 days"))]
    assert paid(rewards, *story) == ["anna +7 rule for scan-2", "anna +7 rule for scan-4"]


def test_a_late_event_closes_a_streak(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(rule(streak=Streak(length=3)),))
    monday, tuesday, wednesday = build_events(scan(), after("1 day"), scan(), after("1 day"), scan())
    assert rewards.run(wednesday, monday, tuesday) == ["anna +7 rule for scan-2"]


@pytest.mark.parametrize(("repeat", "numbers"), [(False, [2]), (True, [2, 4])])
def test_a_milestone_counts_days(rewards: Harness, repeat: bool, numbers: list[int]) -> None:
    rewards.reference = reference(rewards=(rule(milestone=Milestone(visits=2, repeat=repeat), on=("store_entry",)),))
    story = [spec for _ in range(5) for spec in (enter(), after("1 day"))]
    assert paid(rewards, *story) == [f"anna +7 rule for store_entry-{number}" for number in numbers]


def test_the_days_of_two_devices_are_one_milestone(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(rule(milestone=Milestone(visits=2)),))
    assert paid(rewards, scan(), after("1 day"), scan(who="ben"), merged("ben", into=ANNA)) == []
    assert [sentence(effect) for effect in rewards.wake(FOREVER)] == ["ben +7 rule for scan-2"]
    assert rewards.wake(FOREVER) == []


@pytest.mark.parametrize(("over", "left"), [("keep", 14), ("reverse", 7)])
def test_a_merge_that_puts_somebody_over_shows_it(rewards: Harness, over: Any, left: int) -> None:
    rewards.reference = reference(rewards=(rule(caps=Caps(ever=1, over=over)),))
    rewards.run(*build_events(scan(), scan(who="ben"), merged("ben", into=ANNA)))
    shown, drop = rewards.wake(FOREVER)
    entry = shown.event  # type: ignore[union-attr]
    assert isinstance(entry, RewardPosted)
    assert (entry.reason, entry.kind, entry.points, sentence(drop)) == (
        "over_cap",
        "reversed",
        left - 14,
        "dropped: over_cap",
    )
    assert balance(rewards, ANNA) == left


def test_who_comes_apart_again_gets_back_what_was_beyond_a_cap(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(rule(once=True, caps=Caps(ever=1, over="reverse")),))
    events = build_events(scan(), scan(who="ben"), merged("ben", into=ANNA), after("1 day"), parted("ben", from_=ANNA))
    rewards.run(*events[:3])
    rewards.wake(FOREVER)
    assert balance(rewards, ANNA) == 7
    rewards.run(*events[3:])
    assert [sentence(effect) for effect in rewards.wake(FOREVER)] == ["ben +7 rule for scan-2"]
    assert balance(rewards, ANNA) == balance(rewards, "ben") == 7


def test_a_reversed_sale_is_worth_nothing_to_its_return(rewards: Harness) -> None:
    capped = rule(on=("sale",), points_per_unit=1, points=0, caps=Caps(ever=1, over="reverse"))
    rewards.reference = reference(rewards=(capped,))
    story = build_events(
        purchase("20"),
        purchase("30", who="ben"),
        merged("ben", into=ANNA),
        after("1 day"),
        returned("10", of="sale-2", who="ben", known_as=ANNA),
        parted("ben", from_=ANNA),
    )
    rewards.run(*story[:3])
    rewards.wake(FOREVER)
    assert balance(rewards, ANNA) == 20
    rewards.run(story[3])
    assert balance(rewards, ANNA) == 20
    rewards.run(story[4])
    rewards.wake(FOREVER)
    assert (balance(rewards, ANNA), balance(rewards, "ben")) == (20, 20)


def sale(*lines: tuple[str, str], amount: str = "", name: str = "") -> Any:
    total = amount or str(sum(Decimal(money) for _, money in lines))
    made = tuple(Line(sku=sku, quantity=1, amount_micros=micros(money)) for sku, money in lines)
    return touch("sale", name=name, amount_micros=micros(total), currency="EUR", store="mitte", lines=made)


def test_points_of_products_are_on_their_lines(rewards: Harness) -> None:
    coffee = rule(on=("sale",), points=0, points_per_unit=2, categories=("coffee",))
    rewards.reference = reference(rewards=(coffee,))
    story = (sale(("KB-1", "10.00"), ("KB-2", "30.00")), sale(("KB-2", "30.00")), returned("20.00", of="sale-1"))
    assert paid(rewards, *story) == ["anna +20 rule for sale-1", "anna -10 rule for return-1"]


def test_the_largest_multiplier_counts(rewards: Harness) -> None:
    factors = (
        Multiplier(factor=Decimal("1.5"), category="coffee"),
        Multiplier(factor=Decimal(3), product="KB-1"),
    )
    scanned = rule(multipliers=factors)
    bought = rule(id="rule2", on=("sale",), points_per_unit=1, points=0, multipliers=factors)
    rewards.reference = reference(rewards=(scanned, bought))
    story = (scan("shelf"), scan("bar"), sale(("KB-1", "10.00"), ("KB-2", "5.00"), amount="14.00"))
    assert paid(rewards, *story) == [
        "anna +21 rule for scan-1",
        "anna +7 rule for scan-2",
        "anna +34 rule2 for sale-1",
    ]


def test_a_tier_is_of_a_year_and_ends_with_the_next(rewards: Harness) -> None:
    gold = Multiplier(factor=Decimal(2), tier="gold")
    rules = (
        rule(on=("sale",), points=0, points_per_unit=1),
        rule(id="rule2", multipliers=(gold,)),
        rule(id="rule3", points=1, condition="person.tier == 'gold' && person.balance > 50"),
    )
    rewards.reference = reference(rewards=rules, tiers=(Tier(id="gold", points=100), Tier(id="blue", points=40)))
    story = (
        at("2026-05-01T12:00"),
        purchase("120.00"),
        scan(),
        at("2027-12-31T22:30"),
        scan(),
        at("2028-01-01T00:30"),
        scan(),
    )
    assert paid(rewards, *story) == [
        "anna +120 rule for sale-1",
        "anna +14 rule2 for scan-1",
        "anna +1 rule3 for scan-1",
        "anna +14 rule2 for scan-2",
        "anna +1 rule3 for scan-2",
        "anna +7 rule2 for scan-3",
    ]


def test_a_return_takes_the_tier_back(rewards: Harness) -> None:
    rules = (rule(on=("sale",), points=0, points_per_unit=1), rule(id="rule2", condition="person.tier == 'gold'"))
    rewards.reference = reference(rewards=rules, tiers=(Tier(id="gold", points=100, period="rolling_year"),))
    story = (purchase("100.00"), scan(), returned("50.00", of="sale-1"), scan(), after("400 days"), scan())
    assert paid(rewards, *story) == [
        "anna +100 rule for sale-1",
        "anna +7 rule2 for scan-1",
        "anna -50 rule for return-1",
    ]


def test_a_campaign_ends_on_its_own_clock(rewards: Harness) -> None:
    spring = Campaign(id="spring", start="2026-03-01", end="2026-03-31", zone="America/New_York")
    rewards.reference = reference(rewards=(rule(campaign="spring"),), campaigns=(spring,))
    story = (at("2026-04-01T03:59"), scan(), at("2026-04-01T04:00"), scan(), at("2026-03-01T04:59"), scan())
    assert paid(rewards, *story) == ["anna +7 rule for scan-1"]


def test_late_events_and_replays_are_on_the_terms_of_their_day(rewards: Harness) -> None:
    events = build_events(purchase("10.00"), scan(), after("2 days"), purchase("10.00"), returned("4.00", of="sale-1"))
    change = events[1].occurred_at + 1
    old = rule(on=("sale",), points=0, points_per_unit=1, until=change)
    new = rule(on=("sale",), points=0, points_per_unit=5, version=2, earlier=(old,))
    gone = rule(id="rule2", until=change)
    rewards.reference = reference(rewards=(new, gone))
    entries = [effect.event for event in events for effect in rewards.apply(event)]  # type: ignore[union-attr]
    assert [(entry.rule, entry.points, entry.rule_version) for entry in entries] == [
        ("rule", 10, 1),
        ("rule2", 7, 1),
        ("rule", 50, 2),
        ("rule", -4, 1),
    ]
