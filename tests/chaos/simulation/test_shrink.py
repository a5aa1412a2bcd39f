"""Fault: a seed fails, with some thirty events and several faults.
Promise: the report has the smallest history that still fails, as text and as a command that runs it again.

Some 10 s.
"""

import time

import pytest

from tests.chaos.simulation import seeds
from tests.chaos.simulation.bugs import BUGS
from tests.chaos.simulation.case import Case
from tests.chaos.simulation.scenarios import ANY_ORDER, ORDER_KEPT, Scenario
from tests.chaos.simulation.seeds import problem
from tests.chaos.simulation.shrink import BUDGET_S, description, shrunk

IDENTITY, CONTEXT, _ = ORDER_KEPT
ALONE, MERGING, _ = ANY_ORDER
SMALL = {
    "duplicates of scans not detected": (CONTEXT, 3, 0),
    "durability in the order CES": (IDENTITY, 2, 1),
    "late events of a merged person dropped": (MERGING, 2, 0),
    "a return that waits is never reconciled": (ALONE, 2, 0),
}
"""Bug: the scenario that finds it, and how many events and faults show it at most."""


def first_failing(scenario: Scenario, bug: str) -> Case:
    cases = map(scenario.case, range(1, 200))
    return next(case for case in cases if problem(scenario, case, BUGS[bug]))


@pytest.mark.parametrize("bug", SMALL)
def test_a_failing_case_shrinks_to_the_bug(bug: str) -> None:
    scenario, events, faults = SMALL[bug]
    case = first_failing(scenario, bug)
    small = shrunk(case, lambda one: bool(problem(scenario, one, BUGS[bug])))
    assert problem(scenario, small, BUGS[bug]) and not problem(scenario, small)
    assert len(small.history) <= events and len(small.faults) <= faults, description(small)
    assert len(description(small).splitlines()) == 1 + len(small.history) + len(small.faults)


def test_a_failing_seed_fails_again_at_once_and_reports_how(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = "late events of a merged person dropped"
    seed = first_failing(MERGING, bug).seed
    monkeypatch.setenv("FOOTPATH_SEED", str(seed))
    started = time.process_time()
    with BUGS[bug](), pytest.raises(AssertionError) as failure:
        seeds.check_seeds((MERGING,), 0, "test_any_order.py::test_ledger_and_answers_are_the_same_in_any_order")
    assert time.process_time() - started < 2 * BUDGET_S
    assert f"seed {seed}: " in str(failure.value)
    assert f"FOOTPATH_SEED={seed} python -m pytest" in str(failure.value)
    assert "merged into" in str(failure.value)
