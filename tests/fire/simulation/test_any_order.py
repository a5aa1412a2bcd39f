"""Fault: the same, and events overtake each other, duplicates come at any time, people merge in the middle of it.
Promise: every entry of the ledger is as in an untroubled run, the points are what a child would count, every scan is
answered.

1,000 seeds in some 20 s, 25,000 in the long form.
"""

from tests.fire.simulation.scenarios import ANY_ORDER
from tests.fire.simulation.seeds import hold


def test_what_counts_is_the_same_in_any_order(chunk: int) -> None:
    hold(ANY_ORDER, chunk, "test_any_order.py::test_what_counts_is_the_same_in_any_order")
