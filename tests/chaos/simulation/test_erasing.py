"""Fault: as in test_order_kept, while source profiles are erased and people ask for it.
Promise: nothing of who was erased is left or comes back, others lose nothing, and each erasure is reported once.

250 seeds, 25,000 in the long form.
"""

from tests.chaos.simulation.erasing import ERASING
from tests.chaos.simulation.seeds import check_seeds


def test_nothing_of_who_was_erased_is_left(chunk: int) -> None:
    check_seeds(ERASING, chunk, "test_erasing.py::test_nothing_of_who_was_erased_is_left")
