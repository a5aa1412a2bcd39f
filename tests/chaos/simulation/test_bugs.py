"""Fault: a planted bug, each of a list.
Promise: some seed finds it; the correct product has no findings.

Some 15 s for all of them.
"""

from unittest.mock import patch

import pytest

from processors.shell.partition import Partition
from tests.chaos.simulation.bugs import BUGS, SCENARIOS, scenarios_of
from tests.chaos.simulation.seeds import problem
from tests.chaos.simulation.wiring import commit_in_order

SEEDS = 1000


def first_found(bug: str) -> int:
    """The number of seeds that it takes."""
    scenarios = scenarios_of(bug)
    for number in range(SEEDS):
        seed, which = divmod(number, len(scenarios))
        if found := problem(scenarios[which], scenarios[which].case(seed), BUGS[bug]):
            assert found.startswith(("AssertionError", "Deadlock", "KafkaWentBack")), f"no check found it: {found}"
            return number + 1
    raise AssertionError(f"not found in {SEEDS} seeds: {bug}")


def test_at_least_twenty_bugs_are_planted() -> None:
    assert len(BUGS) >= 20


@pytest.mark.parametrize("bug", BUGS)
def test_the_simulation_finds(bug: str) -> None:
    print(f"{bug}: found by seed number {first_found(bug)}")


def test_the_correct_order_of_durability_has_no_findings() -> None:
    for seed in range(60):
        scenario = SCENARIOS[seed % len(SCENARIOS)]
        assert not problem(
            scenario, scenario.case(seed), lambda: patch.object(Partition, "_commit", commit_in_order("ECS"))
        )
