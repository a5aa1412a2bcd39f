"""How long scans wait for their decision at present: what a sender of many events must not make longer."""

from typing import Final

WINDOW_S: Final = 1.0


class ScanDelays:
    """The longest wait of this second and of the one before it."""

    def __init__(self) -> None:
        self._began_s = float("-inf")
        self._this = self._before = 0.0

    def observe(self, waited_s: float, now_s: float) -> None:
        """Called for each scan whose wait is over, with a decision or without. :param now_s: of a monotonic clock."""
        self._turn(now_s)
        self._this = max(self._this, waited_s)

    def longest_s(self, now_s: float) -> float:
        """0 where nobody has scanned."""
        self._turn(now_s)
        return max(self._this, self._before)

    def _turn(self, now_s: float) -> None:
        passed_s = now_s - self._began_s
        if passed_s >= WINDOW_S:
            self._before = self._this if passed_s < 2 * WINDOW_S else 0.0
            self._began_s, self._this = now_s, 0.0
