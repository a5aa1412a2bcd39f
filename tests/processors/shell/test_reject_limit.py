"""Limits on rejects: in a row for each partition, by ratio over the latest batches of a processor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.shell.reject_limit import RejectLimit
from schemas.process.reject_window import RejectLimitExceeded, RejectWindow

BATCHES = st.lists(st.tuples(st.integers(1, 30), st.floats(0, 1)), max_size=40)


def test_one_reject_too_many_in_a_row_stops() -> None:
    limit = RejectLimit(3)
    limit.count([0, 1, 2], 3)
    with pytest.raises(RejectLimitExceeded, match="more than 3 records in a row; FOOTPATH_WORKER_REJECT_LIMIT"):
        limit.count([0], 1)


def test_an_accepted_record_ends_the_row() -> None:
    limit = RejectLimit(3)
    for _ in range(10):
        limit.count([0, 1, 2, 4, 5], 7)
    assert limit.in_a_row == 0


def test_a_short_burst_never_stops_whatever_its_share() -> None:
    window = RejectWindow(ratio=0.5, window=100)
    for _ in range(99):
        window.add(1, 1)
    with pytest.raises(RejectLimitExceeded, match="100 of the last 100 records"):
        window.add(1, 1)


def test_the_ratio_itself_is_accepted() -> None:
    window = RejectWindow(ratio=0.5, window=10)
    for _ in range(50):
        window.add(2, 1)
    with pytest.raises(RejectLimitExceeded, match="6 of the last 10 records"):
        window.add(2, 2)


def test_batches_before_the_window_do_not_count() -> None:
    window = RejectWindow(ratio=0.5, window=10)
    window.add(9, 9)  # below the minimum
    window.add(10, 0)
    for _ in range(5):
        window.add(2, 1)


def test_a_ratio_of_one_never_stops() -> None:
    window = RejectWindow(ratio=1.0, window=2)
    for _ in range(10):
        window.add(3, 3)


def test_partitions_share_the_window_and_not_the_row() -> None:
    window = RejectWindow(ratio=0.5, window=8)
    one, other = RejectLimit(3, window), RejectLimit(3, window)
    for limit in (one, other):
        limit.count([0, 1, 2], 3)
    one.end_batch(3)
    with pytest.raises(RejectLimitExceeded, match="6 of the last 8 records"):
        other.end_batch(5)


@given(BATCHES, st.integers(1, 60), st.floats(0.01, 1))
def test_the_window_is_the_latest_whole_batches_with_enough_records(
    batches: list[tuple[int, float]], size: int, ratio: float
) -> None:
    window, seen = RejectWindow(ratio, size), list[tuple[int, int]]()
    for records, share in batches:
        seen.append((records, round(share * records)))
        counted = list[tuple[int, int]]()
        for batch in reversed(seen):
            if sum(records for records, _ in counted) >= size:
                break
            counted.append(batch)
        total, rejects = sum(records for records, _ in counted), sum(rejects for _, rejects in counted)
        exceeded = total >= size and rejects > ratio * total
        try:
            window.add(*seen[-1])
        except RejectLimitExceeded:
            assert exceeded
            return
        assert not exceeded and (window.records, window.rejects) == (total, rejects)
