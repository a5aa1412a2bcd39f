"""Token buckets: their rate, their debt, and the limit of their number."""

import pytest

from gateway.http.rate_limits import MAX_BUCKETS, TokenBuckets


def test_a_bucket_lets_a_seconds_worth_through_and_fills_again() -> None:
    buckets = TokenBuckets(10)
    assert [buckets.take("a", 1, 0.0) for _ in range(10)] == [0.0] * 10
    assert buckets.take("a", 1, 0.0) == pytest.approx(0.1)
    assert buckets.take("b", 1, 0.0) == 0.0
    assert buckets.take("a", 5, 0.5) == 0.0
    assert buckets.take("a", 1, 0.5) > 0


def test_a_batch_larger_than_the_rate_passes_when_rested_and_is_paid_for_afterwards() -> None:
    buckets = TokenBuckets(10)
    assert buckets.take("a", 30, 0.0) == 0.0
    assert buckets.take("a", 1, 1.0) == pytest.approx(1.1)
    assert buckets.take("a", 1, 2.2) == 0.0
    assert buckets.take("nothing", 1, 0.0, per_s=0) > 0


def test_the_number_of_buckets_is_bounded() -> None:
    buckets = TokenBuckets(1)
    for number in range(MAX_BUCKETS + 10):
        buckets.take(str(number), 1, 0.0)
    assert len(buckets._buckets) == MAX_BUCKETS
