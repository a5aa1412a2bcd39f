"""Fault: as in test_order_kept, for states that wake at times before, while and after their history is read.
Promise: each timer is done once, at its time, with all records of before it and none of after it.

250 seeds, 25,000 in the long form.
"""

from tests.chaos.simulation.reminding import REMINDING
from tests.chaos.simulation.seeds import check_seeds


def test_each_timer_is_done_once_and_at_its_time(chunk: int) -> None:
    check_seeds(REMINDING, chunk, "test_timers.py::test_each_timer_is_done_once_and_at_its_time")
