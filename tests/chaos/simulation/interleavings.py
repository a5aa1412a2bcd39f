"""Exhaustive runs of small cases: two faults at every pair of steps of a short history."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from tests.chaos.simulation.case import Case, Outcome
from tests.chaos.simulation.faults import Fault, FaultKind
from tests.chaos.simulation.scenarios import Scenario
from tests.chaos.simulation.schedule import SteadySchedule


def interleavings(
    scenario: Scenario, case: Case, kinds: tuple[FaultKind, FaultKind], schedule: SteadySchedule
) -> Iterator[tuple[Case, Callable[[], Outcome]]]:
    """The case with the first fault at each step of an owner that starts with all the work undone, and the second at
    each step of its successor. Every step that touches broker or disk is one at which a process can end.

    :returns: each case, and what runs it."""
    whole = scenario.run(case, schedule)
    for first in range(1, whole.steps + 1):
        once = replace(case, faults=(Fault(0, first, kinds[0]),))
        after_one = scenario.run(once, schedule)
        for second in range(1, after_one.steps + 1):
            twice = replace(once, faults=(*once.faults, Fault(0, second, kinds[1])))
            yield twice, partial(scenario.run, twice, schedule)
