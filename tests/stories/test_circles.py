"""People merged in a circle. Identity never does this; if it ever did, nothing may go round for ever or get lost."""

import pytest

from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.kept import Moved
from tests.stories.stage import Stage
from tests.stories.telling import merged, person, scan, told
from tests.stories.test_moving import points
from tests.stories.world import world


@pytest.mark.parametrize("order", ["anna first", "ben first"])
def test_people_merged_into_each_other_end_as_one(order: str) -> None:
    rewards = Stage(REWARDS, world())
    a, b, to_ben, to_anna, late_a, late_b = told(
        scan(),
        scan(who="ben"),
        merged("anna", into="ben"),
        merged("ben", into="anna"),
        scan(),
        scan(who="ben"),
    )
    rewards.hears(a, b)
    under_way = rewards.hears(*((to_ben, to_anna) if order == "anna first" else (to_anna, to_ben)))
    under_way += rewards.hears(late_a, late_b)
    rewards.delivers(under_way)
    stays = min("anna", "ben", key=person)
    assert points(rewards, stays) == 20
    assert isinstance(rewards.kept[max(person("anna"), person("ben"))], Moved)


def test_people_of_a_circle_whom_nobody_knew_are_found_again() -> None:
    rewards = Stage(REWARDS, world())
    rewards.hears(*told(merged("anna", into="ben"), merged("ben", into="cleo"), merged("cleo", into="anna")))
    late = rewards.hears(*told(scan(), scan(who="ben"), scan(who="cleo")))
    rewards.delivers(late)
    assert sum(points(rewards, who) or 0 for who in ("anna", "ben", "cleo")) == 15
