"""How long scans wait at present, as it is said to senders of many events."""

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from gateway.reply.delays import KEPT, LEFT_OUT, WINDOW_S, ScanDelays
from gateway.reply.pending import PendingReplies
from schemas.codec.avro import Codec


@given(
    steps=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1)), min_size=1, max_size=30),
    later_s=st.floats(0, 5),
)
def test_the_longest_wait_of_the_last_second_is_said_and_none_of_long_ago(
    steps: list[tuple[float, float]], later_s: float
) -> None:
    delays, now_s = ScanDelays(), 1000.0
    seen = []
    for passed_s, waited_s in steps:
        now_s += passed_s
        delays.observe(waited_s, now_s)
        seen.append((now_s, waited_s))
    now_s += later_s
    said = delays.delay_s(now_s)
    assert said >= max((waited for at, waited in seen if at > now_s - WINDOW_S), default=0.0)
    assert said in {0.0, *(waited for at, waited in seen if at > now_s - 3 * WINDOW_S)}


def test_of_many_scans_one_in_fifty_says_nothing() -> None:
    delays = ScanDelays()
    for number in range(10 * LEFT_OUT):
        delays.observe(0.2 if number % LEFT_OUT == 0 else 0.01, 1000.0)
    assert delays.delay_s(1000.5) == 0.01
    delays.observe(0.2, 1000.5)
    assert delays.delay_s(1000.5) == 0.2
    for _ in range(2 * KEPT):
        delays.observe(0.1, 1000.5)
    assert delays.delay_s(1000.9) == 0.1


async def test_a_scan_counts_with_a_decision_and_without() -> None:
    replies = PendingReplies("127.0.0.1:1", Codec())
    replies.expect("scan")
    await asyncio.sleep(0.02)
    replies.forget("scan")
    assert replies.delays.delay_s(time.monotonic()) >= 0.02
