"""Admission control: how many requests may be in progress at once."""


class AdmissionLimit:
    """Counts requests in progress; ``with limit:`` counts one.

    It does not refuse by itself: a handler asks before it enters, because scans and batches react differently.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self.in_progress = 0

    def __enter__(self) -> None:
        self.in_progress += 1

    def __exit__(self, *_: object) -> None:
        self.in_progress -= 1

    @property
    def full(self) -> bool:
        """Whether as many requests are in progress as may be."""
        return self.in_progress >= self._count

    @property
    def full_for_batches(self) -> bool:
        """Whether half of the limit is reached: the rest is reserved for scans, so that slow senders of batches
        cannot keep them out.
        """
        return self.in_progress >= max(1, self._count // 2)
