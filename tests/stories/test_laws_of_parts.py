"""Laws of parts: joined twice they are joined once, and what goes and comes again changes nothing."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from processors.context.core import PROCESSOR as CONTEXT
from processors.context.state import BOUGHT_KEPT, Visitor
from processors.rewards.core import PROCESSOR as REWARDS
from processors.step import Step
from tests.stories.stage import Stage
from tests.stories.telling import (
    ANNA,
    Chapter,
    after,
    enter,
    leave,
    person,
    purchase,
    scan,
    tap,
    told,
)
from tests.stories.test_laws import BOTH, WORLD, lawful, stories

walks = st.lists(
    st.sampled_from(
        [
            enter(),
            enter("bar"),
            leave(),
            scan(),
            tap("bottle"),
            purchase("1", "KB-1"),
            purchase("1", *map(str, range(40))),
            after("20 minutes"),
            after("2 days"),
        ]
    ),
    max_size=8,
)


@lawful
@given(walks, walks)
def test_merging_visitors_twice_is_merging_them_once(first: list[Chapter], second: list[Chapter]) -> None:
    winner, loser = visitor(first, "anna"), visitor(second, "ben")
    once = CONTEXT.merge(winner, loser).state
    assert once is not None
    assert once.whole.visits == winner.whole.visits + loser.whole.visits
    assert set(once.whole.bought) == {*winner.whole.bought, *loser.whole.bought}
    assert CONTEXT.merge(once, loser).state == once


@lawful
@given(walks, walks)
def test_merging_two_views_of_one_visitor_twice_is_merging_them_once(
    first: list[Chapter], second: list[Chapter]
) -> None:
    winner, loser = visitor(first, "anna"), visitor(second, "anna")
    once = CONTEXT.merge(winner, loser).state
    assert once is not None
    assert once.whole.visits == max(winner.whole.visits, loser.whole.visits)
    assert set(once.whole.bought) <= {*winner.whole.bought, *loser.whole.bought}
    assert len(once.whole.bought) <= BOUGHT_KEPT
    assert CONTEXT.merge(once, loser).state == once


@lawful
@given(walks, walks, st.sampled_from(BOTH))
def test_a_part_that_goes_and_comes_again_changes_nothing(
    first: list[Chapter], second: list[Chapter], own: str
) -> None:
    both = CONTEXT.merge(visitor(first, "anna"), visitor(second, "ben")).state
    check_split(CONTEXT, both, own)


@lawful
@given(stories(who=BOTH, returns_of_a_sale=1), st.sampled_from(BOTH))
def test_an_account_that_goes_and_comes_again_changes_nothing(events: list[Any], own: str) -> None:
    stage = Stage(REWARDS, WORLD)
    stage.hears(*[msgspec.structs.replace(event, person_id=person(ANNA)) for event in events])
    if (both := stage.state(ANNA)) is not None:
        check_split(REWARDS, both, own)


def check_split(processor: Any, both: Any, own: str) -> None:
    """Exactly the part of the own person goes, and nothing else."""
    stays, goes = processor.split(both, person(own))
    assert person(own) not in (stays.parts if stays is not None else {})
    assert (goes.parts if goes is not None else {}).keys() <= {person(own)}
    again = Step(stays) if goes is None else processor.merge(stays, goes)
    assert (again.state, again.effects) == (both, ())


def visitor(walk: list[Chapter], who: str) -> Visitor:
    state = Visitor()
    for event in told(*walk):
        state = state.after(msgspec.structs.replace(event, person_id=person(who), own_person_id=person(who)))
    return state
