"""Redirects in a circle: two people are merged into each other before identity settles, in any order of arrival."""

from itertools import permutations

import pytest

from processors.rewards.core import PROCESSOR as REWARDS
from processors.step import Emit
from schemas.events import StateMoved
from tests.support.builders import build_events, merged, parted, scan
from tests.support.harness import Harness, balance
from tests.support.reference import reference

TO_BEN, TO_ANNA, BACK, LATE_A, LATE_B = build_events(
    merged("anna", into="ben"),
    merged("ben", into="anna"),
    merged("ben", into="anna", profile="anna"),
    scan(name="late a"),
    scan(who="ben", name="late b"),
)
"""In the race A→B while B→A each of the two is merged into the other once; in the end both are anna."""


@pytest.mark.parametrize("order", list(permutations(range(5))))
def test_two_people_merged_into_each_other_end_as_one_and_lose_nothing(order: tuple[int, ...]) -> None:
    """Transfers are delivered last."""
    rewards = Harness(REWARDS, reference())
    rewards.apply(*build_events(scan(), scan(who="ben")))
    events = (TO_BEN, TO_ANNA, BACK, LATE_A, LATE_B)
    rewards.deliver(rewards.apply(*(events[number] for number in order)))
    assert (balance(rewards, "anna"), balance(rewards, "ben")) == (20, None)


def test_redirects_in_a_circle_lose_nothing() -> None:
    rewards = Harness(REWARDS, reference())
    names = build_events(
        merged("anna", into="ben"),
        merged("ben", into="cleo"),
        merged("cleo", into="anna"),
        merged("ben", into="cleo", profile="anna"),
        merged("cleo", into="anna", profile="ben"),
        merged("anna", into="ben", profile="cleo"),
    )
    rewards.deliver(rewards.apply(*names, *build_events(scan(), scan(who="ben"), scan(who="cleo"))))
    assert sum(balance(rewards, who) or 0 for who in ("anna", "ben", "cleo")) == 15


def test_events_for_an_earlier_person_follow_all_redirects() -> None:
    """anna was ben, then cleo, and is herself again: an event for any of the three reaches her, without a circle."""
    rewards = Harness(REWARDS, reference())
    rewards.run(
        *build_events(
            scan(),
            merged("anna", into="ben"),
            merged("ben", into="cleo", profile="anna"),
            parted("anna", from_="cleo"),
        )
    )
    late = rewards.apply(*build_events(scan(name="1"), scan(name="2", known_as="ben"), scan(name="3", known_as="cleo")))
    hops = [e for e in (*late, *rewards.deliver(late)) if isinstance(e, Emit) and isinstance(e.event, StateMoved)]
    assert balance(rewards, "anna") == 20
    assert len(hops) == 2 + 1  # from ben by cleo, from cleo, and none for the one at home
