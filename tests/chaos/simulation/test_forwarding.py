"""Fault: as in test_any_order, for a processor that reads rewards beside touchpoints.
Promise: every event of both topics is with the last person of its source profile, none is lost.

250 seeds in some 15 s.
"""

import pytest

from tests.chaos.simulation.bugs import BUGS
from tests.chaos.simulation.scenarios import FORWARDING
from tests.chaos.simulation.seeds import check_seeds, problem


@pytest.mark.parametrize("one_chunk", [0])
def test_late_events_of_any_topic_follow_their_person(one_chunk: int) -> None:
    check_seeds((FORWARDING,), one_chunk, "test_forwarding.py::test_late_events_of_any_topic_follow_their_person")


def test_a_dropped_late_event_would_be_found() -> None:
    bug = BUGS["late events of a merged person dropped"]
    assert any(problem(FORWARDING, FORWARDING.case(seed), bug) for seed in range(20))
