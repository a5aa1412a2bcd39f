"""Ids that were acknowledged not long ago, so that a retry is answered without work. The stream is exact
beyond that.
"""

from collections.abc import Iterable

MAX_IDS = 200_000


class Recent:
    """The last :data:`MAX_IDS` acknowledged ids of each (sender, id)."""

    def __init__(self, max_ids: int = MAX_IDS) -> None:
        self._max_ids = max_ids
        self._ids: dict[str, None] = {}

    def __contains__(self, sender_and_id: str) -> bool:
        return sender_and_id in self._ids

    def add(self, acknowledged: Iterable[str]) -> None:
        """Only what Kafka or the spool has may be added."""
        for one in acknowledged:
            self._ids[one] = None
        while len(self._ids) > self._max_ids:
            del self._ids[next(iter(self._ids))]
