"""The idempotency cache: event ids acknowledged lately, so that a retry is answered without publishing again.

It saves work only: beyond its size, and after a restart, the stream counts each event id once.
"""

from collections import OrderedDict
from collections.abc import Iterable

MAX_IDS = 200_000


class IdempotencyCache:
    """The last ``max_ids`` acknowledged ids, each with its sender: ``<key id>/<event id>``."""

    def __init__(self, max_ids: int = MAX_IDS) -> None:
        self._max_ids = max_ids
        # A plain dict would search through the deleted entries at its front for each id that is evicted.
        self._ids: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, sender_and_id: str) -> bool:
        return sender_and_id in self._ids

    def add(self, acknowledged: Iterable[str]) -> None:
        """Called with ids that Kafka or the spool has, never before."""
        for sender_and_id in acknowledged:
            self._ids[sender_and_id] = None
        while len(self._ids) > self._max_ids:
            self._ids.popitem(last=False)
