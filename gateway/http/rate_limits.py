"""Token buckets: a rate for each key, with one second's tokens in reserve; the number of buckets is bounded."""

from collections import OrderedDict

MAX_BUCKETS = 50_000


class TokenBuckets:
    """:param per_s: rate of a bucket for which none is given."""

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, count: int, now_s: float, per_s: int | None = None) -> float:
        """Takes ``count`` tokens. Returns 0 when they were available, else the seconds to wait; then none is taken.

        A full bucket admits a request for more than a second's tokens, and the debt is paid off afterwards: a batch
        may be larger than the rate.

        :param now_s: monotonic time in seconds.
        """
        rate = per_s if per_s is not None else self._per_s
        tokens, then_s = self._buckets.pop(key, (float(rate), now_s))
        tokens = min(float(rate), tokens + (now_s - then_s) * rate)
        needed = max(1, min(count, rate))
        wait_s = 0.0 if tokens >= needed else (needed - tokens) / rate if rate else 60.0
        self._buckets[key] = (tokens if wait_s else tokens - count, now_s)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return wait_s
