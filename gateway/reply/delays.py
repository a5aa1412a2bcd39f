"""How long scans wait for their decision at present: what a sender of many events must not make longer."""

from typing import Final

WINDOW_S: Final = 1.0
LEFT_OUT: Final = 50
"""One in so many scans waits for a reason of its own."""
KEPT: Final = 2_000
"""Of a window: so many say enough."""


class ScanDelays:
    """The waits of this second and of the one before it."""

    def __init__(self) -> None:
        self._began_s = float("-inf")
        self._this: list[float] = []
        self._before: list[float] = []

    def observe(self, waited_s: float, now_s: float) -> None:
        """Called for each scan whose wait is over, with a decision or without. :param now_s: of a monotonic clock."""
        self._turn(now_s)
        if len(self._this) < KEPT:
            self._this.append(waited_s)

    def delay_s(self, now_s: float) -> float:
        """The longest wait, one in fifty left out; 0 where nobody has scanned."""
        self._turn(now_s)
        waits = sorted(self._this + self._before)
        return waits[-1 - len(waits) // LEFT_OUT] if waits else 0.0

    def _turn(self, now_s: float) -> None:
        passed_s = now_s - self._began_s
        if passed_s >= WINDOW_S:
            self._before = self._this if passed_s < 2 * WINDOW_S else []
            self._began_s, self._this = now_s, []
