"""Fault: the same, while identifiers come together, and news of who is whom overtakes the events that a replay brings.
Promise: every event passes under one name, whichever of its lives said it, and all names lead to the right people.

1,000 seeds in some 20 s, 25,000 in the long form.
"""

from tests.fire.simulation.scenarios import JOINED
from tests.fire.simulation.seeds import hold


def test_every_event_has_one_name(chunk: int) -> None:
    hold((JOINED,), chunk, "test_joined.py::test_every_event_has_one_name")
