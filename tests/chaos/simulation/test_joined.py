"""Fault: as in test_order_kept, while identifiers are joined and signals overtake the events of a replay.
Promise: every event is published with one person, by whichever owner, and all persons of a component become one.

250 seeds, 25,000 in the long form.
"""

from tests.chaos.simulation.scenarios import JOINED
from tests.chaos.simulation.seeds import check_seeds


def test_every_event_has_one_person(chunk: int) -> None:
    check_seeds((JOINED,), chunk, "test_joined.py::test_every_event_has_one_person")
