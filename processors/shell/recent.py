"""The ids of the last events of a partition that left their key's state as it was.

A key's own window of ids is part of its row. Where most events change nothing else of it, that row would be written for
each of them, all over the store. What they leave behind instead is a mark in a window of the whole partition, which is
written where the last marks were. It reaches less far back for a key that is seldom seen: a later duplicate says once
more what the first one said, and the windows of whoever reads that have it.
"""

from collections import deque
from collections.abc import Iterator

from processors.shell.changelog import WATERMARK
from processors.shell.store import Store
from schemas.ids import MARK_BYTES

PAGES = 128
PAGE_MARKS = 512
"""Marks of a full page. Together the pages remember 65,536 events, in 0.5 MB of the store."""
PAGE = WATERMARK + b"\0recent\0"
"""Changelog key of a page: its number follows. The row begins with how many pages were begun before it."""
_COUNT_BYTES = 8


class Recent:
    """A window of marks in pages; the oldest page makes room for the next."""

    def __init__(self, store: Store) -> None:
        rows = (store.get(_key(number)) for number in range(PAGES))
        found = sorted((int.from_bytes(row[:_COUNT_BYTES], "big"), row[_COUNT_BYTES:]) for row in rows if row)
        self._pages = deque(page for _, page in found)
        self._begun = found[-1][0] if found else 0
        self._marks = {mark for page in self._pages for mark in _marks_of(page)}
        self._fresh: list[bytes] = []

    def __contains__(self, mark: object) -> bool:
        return mark in self._marks

    def add(self, mark: bytes) -> None:
        self._marks.add(mark)
        self._fresh.append(mark)

    def take_rows(self) -> dict[bytes, bytes]:
        """Hands the pages that changed since the last time to a commit."""
        rows: dict[bytes, bytes] = {}
        fresh, self._fresh = self._fresh, []
        at = 0
        while at < len(fresh):
            if not self._pages or len(self._pages[-1]) == PAGE_MARKS * MARK_BYTES:
                self._begin()
            page = self._pages.pop()
            more = fresh[at : at + PAGE_MARKS - len(page) // MARK_BYTES]
            at += len(more)
            self._pages.append(page + b"".join(more))
            rows[_key(self._begun % PAGES)] = self._begun.to_bytes(_COUNT_BYTES, "big") + self._pages[-1]
        return rows

    def _begin(self) -> None:
        if len(self._pages) == PAGES:
            self._marks.difference_update(_marks_of(self._pages.popleft()))
        self._pages.append(b"")
        self._begun += 1


def _key(number: int) -> bytes:
    return PAGE + b"%d" % number


def _marks_of(page: bytes) -> Iterator[bytes]:
    return (page[at : at + MARK_BYTES] for at in range(0, len(page), MARK_BYTES))
