"""Ids that were acknowledged not long ago, so that a retry is answered without work. The stream is exact
beyond that.
"""

from collections import OrderedDict
from collections.abc import Iterable

MAX_IDS = 200_000


class Recent:
    """The last :data:`MAX_IDS` acknowledged ids of each (sender, id)."""

    def __init__(self, max_ids: int = MAX_IDS) -> None:
        self._max_ids = max_ids
        # A plain dict would search its front, full of deleted entries, for each one that goes.
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, sender_and_id: str) -> bool:
        return sender_and_id in self._ids

    def add(self, acknowledged: Iterable[str]) -> None:
        """Only what Kafka or the spool has may be added."""
        for one in acknowledged:
            self._ids[one] = None
        while len(self._ids) > self._max_ids:
            self._ids.popitem(last=False)
