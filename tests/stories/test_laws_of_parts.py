"""Properties of parts: joining twice is joining once, and a split followed by a merge changes nothing."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from processors.context.core import PROCESSOR as CONTEXT
from processors.context.state import BOUGHT_KEPT, Visitor
from processors.rewards.core import PROCESSOR as REWARDS
from processors.step import Step
from tests.support.builders import (
    ANNA,
    EventSpec,
    after,
    build_events,
    enter,
    leave,
    person,
    purchase,
    scan,
    tap,
)
from tests.support.harness import Harness
from tests.support.histories import BOTH, lawful, purchases
from tests.support.reference import BOUGHT, SCANNED, THANKS, reference

REFERENCE = reference(rewards=(SCANNED, BOUGHT, THANKS))
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
def test_merging_visitors_twice_is_merging_them_once(first: list[EventSpec], second: list[EventSpec]) -> None:
    winner, loser = visitor(first, "anna"), visitor(second, "ben")
    once = CONTEXT.merge(winner, loser).state
    assert once is not None
    assert once.whole.visits == winner.whole.visits + loser.whole.visits
    assert set(once.whole.bought) == {*winner.whole.bought, *loser.whole.bought}
    assert CONTEXT.merge(once, loser).state == once


@lawful
@given(walks, walks)
def test_merging_two_states_of_one_visitor_twice_is_merging_them_once(
    first: list[EventSpec], second: list[EventSpec]
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
def test_splitting_and_merging_a_visitor_changes_nothing(
    first: list[EventSpec], second: list[EventSpec], profile: str
) -> None:
    both = CONTEXT.merge(visitor(first, "anna"), visitor(second, "ben")).state
    check_split(CONTEXT, both, profile)


@lawful
@given(purchases(who=BOTH), st.sampled_from(BOTH))
def test_splitting_and_merging_an_account_changes_nothing(events: list[Any], profile: str) -> None:
    harness = Harness(REWARDS, REFERENCE)
    harness.apply(*[msgspec.structs.replace(event, person_id=person(ANNA)) for event in events])
    if (both := harness.state(ANNA)) is not None:
        check_split(REWARDS, both, profile)


def check_split(processor: Any, both: Any, profile: str) -> None:
    """Exactly the part of the source profile goes, and nothing else."""
    stays, goes = processor.split(both, person(profile))
    assert person(profile) not in (stays.parts if stays is not None else {})
    assert (goes.parts if goes is not None else {}).keys() <= {person(profile)}
    again = Step(stays) if goes is None else processor.merge(stays, goes)
    assert (again.state, again.effects) == (both, ())


def visitor(events: list[EventSpec], who: str) -> Visitor:
    state = Visitor()
    for event in build_events(*events):
        state = state.after(msgspec.structs.replace(event, person_id=person(who), source_profile_id=person(who)))
    return state
