"""How fast an import sends, so that phones do not wait behind it, and what it brings is in force soon after its end.

The answer of the gateway to a batch says how long scans wait for their decision at present, and how many records the
processors have not taken yet. As long as scans are decided soon, an import becomes faster, but gently: how much the
machines bear shows when it is too much, and by then the events of another second are on their way. Where nobody scans
nobody waits, and only the processors' backlog counts.
"""

from typing import Final

FIRST_PER_S: Final = 500.0
"""Also the slowest: scans may wait for reasons that no import causes."""
FASTER: Final = 1.25
"""Factor of the rate for each second in which scans were decided soon."""
FASTER_ALONE: Final = 8.0
"""The same while nobody scans."""
SLOWER: Final = 0.5
"""The same while scans wait."""
PATIENCE_S: Final = 0.06
"""A quarter of the time that phones wait by default (FOOTPATH_GATEWAY_DEADLINE_MS)."""
BACKLOG_KEPT: Final = 10_000
"""Records that the processors may be behind before an import rests: what they commit in a few seconds."""
LONGEST_REST_S: Final = 1.0
"""Because of the backlog."""


class Pace:
    """The events a second that an import sends."""

    def __init__(self) -> None:
        self.per_s = FIRST_PER_S
        self._rested_s = 0.0

    def rest_s(self, events: int, took_s: float, scan_delay_s: float, backlog: int) -> float:
        """How long to wait before the next batch, in seconds. Called once after each.

        :param events: of the batch. :param took_s: from its first byte to its answer.
        :param scan_delay_s: of the last second or two; 0: nobody has scanned. :param backlog: in records.
        """
        factor = SLOWER if scan_delay_s > PATIENCE_S else FASTER if scan_delay_s else FASTER_ALONE
        self.per_s = max(FIRST_PER_S, self.per_s * factor ** min(1.0, took_s + self._rested_s))
        self._rested_s = max(events / self.per_s - took_s, backlog_rest_s(backlog), 0.0)
        # What was not sent says nothing of what the machines bear.
        sent_per_s = events / max(took_s + self._rested_s, 1e-6)
        self.per_s = max(FIRST_PER_S, min(self.per_s, 2 * sent_per_s))
        return self._rested_s


def backlog_rest_s(backlog: int) -> float:
    """Longer, the further the processors are behind."""
    return min(LONGEST_REST_S, max(0.0, (backlog - BACKLOG_KEPT) / BACKLOG_KEPT))
