"""The ids of links that mean no tag, as they are recorded: those of removed codes, and whatever strangers make up.

Stores keep the ids of tags in a dictionary, so that a stranger who makes up millions must not get them all into it.
"""

from typing import Final

from schemas.brand.item import ID, MAX_ID_CHARS
from schemas.text import name_form

DAY_US: Final = 86_400_000_000
IDS_PER_DAY: Final = 10_000
"""Far more than a brand removes; of further ones the scan alone is recorded."""


class UnknownTags:
    """Remembers the ids of one day (UTC), at most :data:`IDS_PER_DAY`."""

    def __init__(self) -> None:
        self._day = 0
        self._seen: set[str] = set()

    def recorded(self, written: str, now_us: int) -> str:
        """The id; empty for what could be none, and for a new one when there are too many."""
        id = name_form(written) if len(written) <= 2 * MAX_ID_CHARS else ""
        if not ID.fullmatch(id):
            return ""
        if now_us // DAY_US != self._day:
            self._day = now_us // DAY_US
            self._seen.clear()
        if id not in self._seen and len(self._seen) >= IDS_PER_DAY:
            return ""
        self._seen.add(id)
        return id
