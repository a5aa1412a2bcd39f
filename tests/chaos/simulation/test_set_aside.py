"""Fault: as in test_order_kept, for a core that raises on an eighth of all events and returns nonsense on another.
Promise: each such record is rejected once; all else is as if it had never come, whatever dies in between.

100 seeds in some 6 s.
"""

from tests.chaos.simulation.scenarios import RAISING
from tests.chaos.simulation.seeds import problem
from tests.support.seeds import draw_seed

SEEDS = 100


def test_records_that_raise_are_rejected_and_change_nothing_else() -> None:
    first = draw_seed()
    for seed in range(first, first + SEEDS):
        assert not problem(RAISING, RAISING.case(seed)), f"seed {seed}"
