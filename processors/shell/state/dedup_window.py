"""The dedup window of a partition: ids of its last events that left the state of their key unchanged.

A key's own dedup window is part of its state record. Where most events change nothing else of it, that row would be
written for each of them, at random places of the store. The hashes of such events go to one window of the whole
partition instead, which is written page after page. It reaches less far back for a key that is seldom seen: a later
duplicate then publishes the effects of the first event again, and the dedup windows of their readers contain those.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from processors.shell.state.changelog import WATERMARK
from processors.shell.state.store import Store
from schemas.ids import HASH64_BYTES

PAGES = 128
PAGE_HASHES = 512
"""Hashes in a full page. Together the pages hold 65,536 events, in 0.5 MB of the store."""
PAGE = WATERMARK + b"\0dedup\0"
"""Changelog key of a page: its number follows. The row begins with the number of pages that were begun up to it."""
_COUNT_BYTES = 8


class DedupWindow:
    """A set of hashes in pages; a new page replaces the oldest. Used by one stream task. Reads its pages when it is
    created, afterwards it blocks nowhere.

    :param store: complete up to the last commit.
    """

    def __init__(self, store: Store) -> None:
        rows = (store.get(_key(number)) for number in range(PAGES))
        found = sorted((int.from_bytes(row[:_COUNT_BYTES], "big"), row[_COUNT_BYTES:]) for row in rows if row)
        self._pages = deque(page for _, page in found)
        self._pages_begun = found[-1][0] if found else 0
        self._hashes = {one for page in self._pages for one in _hashes_of(page)}
        self._added: list[bytes] = []

    def __contains__(self, event_hash: object) -> bool:
        return event_hash in self._hashes

    def add(self, event_hash: bytes) -> None:
        self._hashes.add(event_hash)
        self._added.append(event_hash)

    def take_back(self, latest: Sequence[bytes]) -> None:
        """Undoes the latest calls of `add`, since the last `take_changed_rows`."""
        if latest:
            self._hashes.difference_update(latest)
            del self._added[-len(latest) :]

    def take_changed_rows(self) -> dict[bytes, bytes]:
        """The rows of the pages that changed since the last call, for a commit that begins now."""
        rows: dict[bytes, bytes] = {}
        added, self._added = self._added, []
        at = 0
        while at < len(added):
            if not self._pages or len(self._pages[-1]) == PAGE_HASHES * HASH64_BYTES:
                self._begin_page()
            page = self._pages.pop()
            more = added[at : at + PAGE_HASHES - len(page) // HASH64_BYTES]
            at += len(more)
            self._pages.append(page + b"".join(more))
            rows[_key(self._pages_begun % PAGES)] = self._pages_begun.to_bytes(_COUNT_BYTES, "big") + self._pages[-1]
        return rows

    def _begin_page(self) -> None:
        if len(self._pages) == PAGES:
            self._hashes.difference_update(_hashes_of(self._pages.popleft()))
        self._pages.append(b"")
        self._pages_begun += 1


def _key(number: int) -> bytes:
    return PAGE + b"%d" % number


def _hashes_of(page: bytes) -> Iterator[bytes]:
    return (page[at : at + HASH64_BYTES] for at in range(0, len(page), HASH64_BYTES))
