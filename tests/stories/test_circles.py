"""Names that go round: two people take each other's name before identity settles on one, in any order of arrival."""

from itertools import permutations

import pytest

from processors.rewards.core import PROCESSOR as REWARDS
from processors.step import Emit
from schemas.events import StateMoved
from tests.stories.stage import Stage
from tests.stories.telling import merged, parted, scan, told
from tests.stories.test_moving import points
from tests.stories.world import world

TO_BEN, TO_ANNA, BACK, LATE_A, LATE_B = told(
    merged("anna", into="ben"),
    merged("ben", into="anna"),
    merged("ben", into="anna", own="anna"),
    scan(name="late a"),
    scan(who="ben", name="late b"),
)
"""In the race A→B while B→A each of the two was once told to be the other; in the end both are anna."""


@pytest.mark.parametrize("order", list(permutations(range(5))))
def test_two_who_take_each_others_name_end_as_one_and_lose_nothing(order: tuple[int, ...]) -> None:
    """What moves is delivered last, as late as it can."""
    rewards = Stage(REWARDS, world())
    rewards.hears(*told(scan(), scan(who="ben")))
    story = (TO_BEN, TO_ANNA, BACK, LATE_A, LATE_B)
    rewards.delivers(rewards.hears(*(story[number] for number in order)))
    assert (points(rewards, "anna"), points(rewards, "ben")) == (20, None)


def test_people_whose_names_go_in_a_circle_are_found_again() -> None:
    rewards = Stage(REWARDS, world())
    names = told(
        merged("anna", into="ben"),
        merged("ben", into="cleo"),
        merged("cleo", into="anna"),
        merged("ben", into="cleo", own="anna"),
        merged("cleo", into="anna", own="ben"),
        merged("anna", into="ben", own="cleo"),
    )
    rewards.delivers(rewards.hears(*names, *told(scan(), scan(who="ben"), scan(who="cleo"))))
    assert sum(points(rewards, who) or 0 for who in ("anna", "ben", "cleo")) == 15


def test_events_for_a_name_long_gone_go_the_whole_way() -> None:
    """anna was ben, cleo, and is herself again: an event under any of her names reaches her, and goes round no more."""
    rewards = Stage(REWARDS, world())
    rewards.plays(
        *told(
            scan(),
            merged("anna", into="ben"),
            merged("ben", into="cleo", own="anna"),
            parted("anna", from_="cleo"),
        )
    )
    late = rewards.hears(*told(scan(name="1"), scan(name="2", known_as="ben"), scan(name="3", known_as="cleo")))
    hops = [e for e in (*late, *rewards.delivers(late)) if isinstance(e, Emit) and isinstance(e.event, StateMoved)]
    assert points(rewards, "anna") == 20
    assert len(hops) == 2 + 1  # from ben by cleo, from cleo, and none for the one at home
