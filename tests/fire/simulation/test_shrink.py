"""Fault: a seed fails, with some thirty events and several dead owners.
Promise: what is told of it is the smallest history that still fails, to be read and to be played again.

Some 10 s.
"""

import time

import pytest

from tests.fire.simulation import seeds
from tests.fire.simulation.bugs import BUGS
from tests.fire.simulation.case import Case
from tests.fire.simulation.scenarios import ANY_ORDER, ORDER_KEPT, Scenario
from tests.fire.simulation.seeds import problem
from tests.fire.simulation.shrink import BUDGET_S, shrunk, story

IDENTITY, CONTEXT, _ = ORDER_KEPT
ALONE, MERGING, _ = ANY_ORDER
SMALL = {
    "duplicates of scans not looked for": (CONTEXT, 3, 0),
    "durability in the order CES": (IDENTITY, 2, 1),
    "late events of a merged person dropped": (MERGING, 2, 0),
    "a return that waited is never taken back": (ALONE, 2, 0),
}
"""Where each bug is looked for, and how many events and dooms it takes at most to show it."""


def first_failing(scenario: Scenario, bug: str) -> Case:
    cases = map(scenario.case, range(1, 200))
    return next(case for case in cases if problem(scenario, case, BUGS[bug]))


@pytest.mark.parametrize("bug", SMALL)
def test_a_failing_case_shrinks_to_the_bug(bug: str) -> None:
    scenario, events, dooms = SMALL[bug]
    case = first_failing(scenario, bug)
    small = shrunk(case, lambda one: bool(problem(scenario, one, BUGS[bug])))
    assert problem(scenario, small, BUGS[bug]) and not problem(scenario, small)
    assert len(small.history) <= events and len(small.dooms) <= dooms, story(small)
    assert len(story(small).splitlines()) == 1 + len(small.history) + len(small.dooms)


def test_a_failing_seed_fails_again_at_once_and_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = "late events of a merged person dropped"
    seed = first_failing(MERGING, bug).seed
    monkeypatch.setenv("FOOTPATH_SEED", str(seed))
    started = time.monotonic()
    with BUGS[bug](), pytest.raises(AssertionError) as failure:
        seeds.hold((MERGING,), 0, "test_any_order.py::test_what_counts_is_the_same_in_any_order")
    assert time.monotonic() - started < 2 * BUDGET_S
    assert f"seed {seed}: " in str(failure.value)
    assert f"FOOTPATH_SEED={seed} python -m pytest" in str(failure.value)
    assert "merged into" in str(failure.value)
