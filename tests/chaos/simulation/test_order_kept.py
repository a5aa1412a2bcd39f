"""Fault: processes die, sleep, lose partitions and disks; records arrive twice, clocks jump by days.
Promise: every effect and every state is, byte for byte, that of the sequential run.

The events of one person arrive in their order here. 1,000 seeds in some 15 s, 25,000 in the long form.
"""

from tests.chaos.simulation.scenarios import ORDER_KEPT
from tests.chaos.simulation.seeds import check_seeds


def test_everything_equals_the_sequential_run(chunk: int) -> None:
    check_seeds(ORDER_KEPT, chunk, "test_order_kept.py::test_everything_equals_the_sequential_run")
