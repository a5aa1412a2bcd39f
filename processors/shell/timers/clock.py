"""The time of the brokers, by which timers are due: the worker's own clock may be hours off.

The brokers stamp every record that they append, and each acknowledgement brings the stamp. At the moment of an
acknowledgement the brokers' clock shows its stamp or later; from then on it runs as this machine's boot-time clock
does, which nobody sets, and which goes on while the machine or the process sleeps. So the greatest difference ever seen
gives a time that the brokers' clock has reached for certain: a timer may come late by an acknowledgement's way, and
never early.
"""

import time
from typing import Protocol

TURNED_BACK_MS = 60_000
"""An acknowledgement that is so much below the estimate shows that the brokers' clock was set back."""


class Clock(Protocol):
    """What time it is. In workers `BrokerClock`; tests and dry runs have their own."""

    def now_ms(self) -> int | None:
        """A time that the brokers have reached, in milliseconds since 1970 UTC; None: not known yet."""


class BrokerClock:
    """One per worker process and processor; its partitions report what their commits were stamped with."""

    def __init__(self) -> None:
        self._ahead_ms: float | None = None

    def observe(self, stamp_ms: int) -> None:
        """Called for each acknowledgement with the brokers' stamp."""
        ahead_ms = stamp_ms - _boot_ms()
        if self._ahead_ms is None or ahead_ms > self._ahead_ms or ahead_ms < self._ahead_ms - TURNED_BACK_MS:
            self._ahead_ms = ahead_ms

    def now_ms(self) -> int | None:
        return None if self._ahead_ms is None else int(_boot_ms() + self._ahead_ms)


def _boot_ms() -> float:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e6
