"""A limit of so many an hour, for each of many; the number of those that are remembered is bounded."""

from collections import OrderedDict
from typing import Final

HOUR_S: Final = 3_600.0
MAX_REMEMBERED: Final = 50_000


class PerHour:
    """:param count: how many in any hour."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._times: OrderedDict[str, list[float]] = OrderedDict()

    def take(self, key: str, now_s: float) -> float:
        """0 when this one may; else the seconds until one may. :param now_s: monotonic time in seconds."""
        times = [time for time in self._times.pop(key, []) if time > now_s - HOUR_S]
        wait_s = 0.0 if len(times) < self._count else times[0] + HOUR_S - now_s
        if not wait_s:
            times.append(now_s)
        self._times[key] = times
        if len(self._times) > MAX_REMEMBERED:
            self._times.popitem(last=False)
        return wait_s
