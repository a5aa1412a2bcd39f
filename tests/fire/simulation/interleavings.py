"""Small worlds completely: every way in which two crashes can fall among the steps of a short history."""

from collections.abc import Iterator
from dataclasses import replace

from tests.fire.simulation.broker_twin import Kind
from tests.fire.simulation.case import Case, Doom, Outcome
from tests.fire.simulation.chance import Steady
from tests.fire.simulation.scenarios import Scenario


def interleavings(
    scenario: Scenario, case: Case, kinds: tuple[Kind, Kind], chance: Steady
) -> Iterator[tuple[Case, Outcome]]:
    """The case with the first crash at each step of a life that has all the work before it, and the second at each
    step of the life that follows; every step that touches broker or disk is one at which a process can end."""
    whole = scenario.play(case, chance)
    for first in range(1, whole.steps + 1):
        once = replace(case, dooms=(Doom(0, first, kinds[0]),))
        after_one = scenario.play(once, chance)
        for second in range(1, after_one.steps + 1):
            twice = replace(once, dooms=(*once.dooms, Doom(0, second, kinds[1])))
            yield twice, scenario.play(twice, chance)
