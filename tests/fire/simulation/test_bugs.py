"""Fault: a bug, put into the product on purpose, one of a list.
Promise: the seeds see it; nothing is found where nothing is wrong.

Some 15 s for all of them.
"""

from unittest.mock import patch

import pytest

from processors.shell.partition import Partition
from tests.fire.simulation.adapter import commit_in
from tests.fire.simulation.bugs import BUGS
from tests.fire.simulation.scenarios import ANY_ORDER, JOINED, ORDER_KEPT
from tests.fire.simulation.seeds import problem

SEEDS = 1000
SCENARIOS = (*ORDER_KEPT, *ANY_ORDER, JOINED)


def first_found(bug: str) -> int:
    """How many seeds it takes."""
    for number in range(SEEDS):
        seed, which = divmod(number, len(SCENARIOS))
        if found := problem(SCENARIOS[which], SCENARIOS[which].case(seed), BUGS[bug]):
            assert found.startswith(("AssertionError", "Stuck")), f"no law saw it: {found}"
            return number + 1
    raise AssertionError(f"not found in {SEEDS} seeds: {bug}")


def test_at_least_twenty_bugs_are_known() -> None:
    assert len(BUGS) >= 20


@pytest.mark.parametrize("bug", BUGS)
def test_the_simulation_sees(bug: str) -> None:
    print(f"{bug}: found by seed number {first_found(bug)}")


def test_the_true_order_of_durability_is_no_bug() -> None:
    for seed in range(60):
        scenario = SCENARIOS[seed % len(SCENARIOS)]
        assert not problem(scenario, scenario.case(seed), lambda: patch.object(Partition, "_commit", commit_in("ECS")))
