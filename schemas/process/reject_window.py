"""A limit on the share of rejects among the latest records, so that a broken deploy stops instead of sending a whole
topic to event-rejected; after that of getsentry/arroyo (arroyo/dlq.py, DlqLimit).

It is checked after each batch, over the latest whole batches that together have at least ``window`` records. Until a
run of the process has taken so many records it cannot trip, so a short burst never stops a process, whatever its share.
"""

from collections import deque
from dataclasses import dataclass, field

from schemas.process.errors import OperatorError


class RejectLimitExceeded(OperatorError):
    """More rejects than broken events can explain: the process has to stop. The message names the setting."""


@dataclass(slots=True)
class RejectWindow:
    """Rejects among the latest records of one processor or sink topic in this process; partitions share it.

    :param ratio: largest share of rejects, above 0 and up to 1; 1 never trips. :param window: records that the share is
        taken of, at least. :param settings: names of the settings that hold both.
    """

    ratio: float = 1.0
    window: int = 10_000
    settings: str = "FOOTPATH_WORKER_REJECT_RATIO and FOOTPATH_WORKER_REJECT_WINDOW"
    records: int = 0
    rejects: int = 0
    _batches: deque[tuple[int, int]] = field(default_factory=deque)

    def add(self, records: int, rejects: int) -> None:
        """Counts a batch. Called once for each; constant time on average.

        :raises RejectLimitExceeded: the window is full, and the share of rejects in it is above the ratio.
        """
        self._batches.append((records, rejects))
        self.records += records
        self.rejects += rejects
        while self.records - (oldest := self._batches[0])[0] >= self.window:
            self._batches.popleft()
            self.records -= oldest[0]
            self.rejects -= oldest[1]
        if self.records >= self.window and self.rejects > self.ratio * self.records:
            raise RejectLimitExceeded(
                f"rejected {self.rejects} of the last {self.records} records; {self.settings} set the limit"
            )
