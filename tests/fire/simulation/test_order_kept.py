"""Fault: processes die, sleep, lose partitions and disks; records come twice, clocks jump by days.
Promise: every effect and every state is, byte for byte, that of one untroubled run.

The events of one person arrive in their order here. 1,000 seeds in some 15 s, 25,000 in the long form.
"""

from tests.fire.simulation.scenarios import ORDER_KEPT
from tests.fire.simulation.seeds import hold


def test_everything_is_as_in_an_untroubled_run(chunk: int) -> None:
    hold(ORDER_KEPT, chunk, "test_order_kept.py::test_everything_is_as_in_an_untroubled_run")
