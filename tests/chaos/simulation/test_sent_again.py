"""Fault: as in test_order_kept, while senders repeat events with more identifiers, other contents and other ids.
Promise: each event goes on once for each time that its identifiers grew, and of one order one sale; all else is kept.

250 seeds, 25,000 in the long form.
"""

from tests.chaos.simulation.seeds import check_seeds
from tests.chaos.simulation.sent_again import SENT_AGAIN


def test_each_event_counts_once(chunk: int) -> None:
    check_seeds((SENT_AGAIN,), chunk, "test_sent_again.py::test_each_event_counts_once")
