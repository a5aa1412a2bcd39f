"""Spooled records whose stamp is ahead of the clock."""

import time

import msgspec

from gateway.publish.records import Record, not_ahead


def test_a_spooled_record_of_a_clock_that_was_ahead_is_stamped_anew_and_nothing_else_of_it_changes() -> None:
    now = time.time_ns() // 1_000_000
    early = Record("topic", "key", b"value", [("event-id", b"1")], now - 60_000)
    late = msgspec.structs.replace(early, key="other", timestamp_ms=now + 3 * 86_400_000)
    first, second = not_ahead([early, late], now)
    assert first == early
    assert second.timestamp_ms == now
    assert msgspec.structs.replace(second, timestamp_ms=late.timestamp_ms) == late
    assert [one.key for one in not_ahead([first, second], now)] == ["key", "other"]
