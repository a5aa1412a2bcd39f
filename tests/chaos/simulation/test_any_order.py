"""Fault: as in test_order_kept, and events overtake each other, duplicates arrive at any time, people merge meanwhile.
Promise: every ledger entry equals the sequential run's, the points equal a naive count, every scan is answered.

250 seeds, 25,000 in the long form.
"""

from tests.chaos.simulation.scenarios import ANY_ORDER
from tests.chaos.simulation.seeds import check_seeds


def test_ledger_and_answers_are_the_same_in_any_order(chunk: int) -> None:
    check_seeds(ANY_ORDER, chunk, "test_any_order.py::test_ledger_and_answers_are_the_same_in_any_order")
