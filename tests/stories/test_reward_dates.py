"""Rewards without an event: anniversaries, and points that expire soon."""

from typing import Any

from schemas.brand.model import Loyalty, Reward
from schemas.brand.reward_terms import Anniversary
from schemas.events import RewardPosted
from tests.support.builders import ANNA, after, at, build_events, enter, merged, objected, parted, purchase, scan
from tests.support.harness import Harness, balance
from tests.support.reference import SCANNED, reference

FOREVER = 2**62
DAY_US = 86_400_000_000
YEARLY = Reward(id="year", version=1, points=50, anniversary=Anniversary(years=3))
SOON = Reward(id="soon", version=1, points=2, expiring_days=1)
TWO_DAYS = Loyalty(id="points", zone="Europe/Berlin", expire_after_days=2)


def posted(effects: list[Any], rule: str) -> list[RewardPosted]:
    entries = [effect.event for effect in effects if isinstance(getattr(effect, "event", None), RewardPosted)]
    return [entry for entry in entries if entry.rule == rule]


def test_an_anniversary_is_once_a_year_of_the_first_event(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(YEARLY,))
    late, first = build_events(at("2024-03-09T12:00"), enter(), at("2024-02-29T12:00"), scan())
    rewards.run(late, first)
    entries = posted(rewards.wake(FOREVER), "year")
    assert [entry.points for entry in entries] == [50, 50, 50]
    days = [(entry.occurred_at - first.occurred_at) / DAY_US for entry in entries]
    assert days == [365, 730, 1095]
    assert balance(rewards, ANNA) == 150


def test_the_anniversary_of_two_who_turn_out_to_be_one_is_of_the_earlier(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(YEARLY,))
    story = build_events(
        scan(who="ben"),
        after("200 days"),
        scan(),
        merged("ben", into=ANNA),
        after("200 days"),
        parted("ben", from_=ANNA),
    )
    rewards.run(*story[:3])
    first = posted(rewards.wake(story[1].occurred_at + 366 * DAY_US), "year")
    assert [entry.occurred_at - story[0].occurred_at for entry in first] == [365 * DAY_US]
    rewards.run(story[3])
    rewards.wake(FOREVER)
    assert (balance(rewards, "ben"), balance(rewards, ANNA)) == (150, 150)


def test_an_anniversary_of_a_kind_of_event(rewards: Harness) -> None:
    bought = Reward(id="year", version=1, points=50, anniversary=Anniversary(of="sale", years=1))
    rewards.reference = reference(rewards=(bought,))
    events = build_events(scan(), after("9 days"), purchase("3.00"))
    rewards.run(*events)
    [entry] = posted(rewards.wake(FOREVER), "year")
    assert entry.occurred_at - events[1].occurred_at == 365 * DAY_US


def test_who_objects_has_no_anniversary(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(YEARLY,))
    rewards.run(*build_events(scan(), after("30 days"), objected("identity")))
    assert posted(rewards.wake(FOREVER), "year") == []


def test_points_that_expire_soon_bring_some_that_expire_with_them(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(SCANNED, SOON), loyalty=(TWO_DAYS,))
    rewards.run(*build_events(scan(), scan(), after("1 day"), scan()))
    effects = rewards.wake(FOREVER)
    entries = posted(effects, "soon")
    assert [entry.points for entry in entries] == [2, 2], "one for each day on which points expire"
    assert all(entry.expires_at - entry.occurred_at == DAY_US for entry in entries)
    assert balance(rewards, ANNA) == 0
