"""Limits on rejected records, so that a broken deploy stops instead of sending a whole topic to event-rejected.

Two limits:

- in a row: a partition may reject so many of its records one after the other; the next reject stops the worker.
- by ratio: of the latest records of a processor in this process, all its partitions together (`RejectWindow`).

Both counts live in memory and start at zero with the process: a worker that is started again gets through at least
``window`` records more, and they are committed as usual. A rebalance does not reset the ratio's window; it resets the
count in a row of the partitions that it opens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.process.reject_window import RejectLimitExceeded, RejectWindow


@dataclass(slots=True)
class RejectLimit:
    """Rejects of one partition.

    :param max_in_a_row: rejects in a row that are accepted. :param window: of the partition's processor.
    """

    max_in_a_row: int
    window: RejectWindow = field(default_factory=RejectWindow)
    in_a_row: int = 0
    _in_batch: int = 0

    def count(self, rejected_at: Sequence[int], records: int) -> None:
        """Counts records that follow one another, of which those at these positions are rejects.

        :raises RejectLimitExceeded: one is too many in a row.
        """
        previous = -1
        for at in rejected_at:
            self.in_a_row = self.in_a_row + 1 if at == previous + 1 else 1
            previous = at
            if self.in_a_row > self.max_in_a_row:
                raise RejectLimitExceeded(
                    f"rejected more than {self.max_in_a_row} records in a row; FOOTPATH_WORKER_REJECT_LIMIT sets the "
                    f"limit"
                )
        if previous != records - 1:
            self.in_a_row = 0
        self._in_batch += len(rejected_at)

    def end_batch(self, records: int) -> None:
        """Counts a batch of so many records, whose rejects were counted before.

        :raises RejectLimitExceeded: as `RejectWindow.add` does.
        """
        rejects, self._in_batch = self._in_batch, 0
        self.window.add(records, rejects)
