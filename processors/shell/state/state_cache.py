"""State records in memory, in two generations.

Records used since the last rotation are in the current generation, those of the rotation before in the previous one. A
rotation drops the previous generation as a whole, so records that are not used again leave together, without cost for
each.

Rows of a queued batch are prefetched while the task processes the batch before it; RocksDB reads without Python's lock.
Prefetched rows are as they were at that moment. Only cached records change, and a changed record stays cached until its
row is in the store; so every record that changed since the prefetch is in the generation that was current at that
moment, or in a younger one, and cached records take precedence. Once that generation has been dropped, the prefetched
rows may be stale and are discarded.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import NamedTuple

from processors.shell.state.records import StateRecord, StateRecordCodec, StateUnreadable
from processors.shell.state.store import Store

GENERATION_KEYS = 10_000
"""Records in the current generation above which a commit rotates the generations."""


class Prefetch(NamedTuple):
    """A read of the rows of ``keys`` in a thread, and the generation that was current when it began."""

    keys: list[bytes]
    rows: Future[list[bytes | None]]
    generation: dict[bytes, StateRecord]


class StateCache:
    """Used by one stream task, on its event loop. The task reads and writes ``current``, the current generation,
    itself: that is the hot path.

    :param store: complete up to the last commit.
    """

    def __init__(self, store: Store, codec: StateRecordCodec) -> None:
        self.current: dict[bytes, StateRecord] = {}
        self._previous: dict[bytes, StateRecord] = {}
        self._prefetched: Mapping[bytes, bytes | None] = {}
        self._store = store
        self._codec = codec

    def find(self, key: bytes) -> StateRecord | None:
        """The state record of a key that is not in the current generation, and moves it there; None when there is
        none. May block for a read of the store.

        :raises StateUnreadable: the store fails, or holds no state record that this code reads.
        """
        record = self._previous.get(key)
        if record is None:
            try:
                raw = self._prefetched[key] if key in self._prefetched else self._store.get(key)
                if raw is None:
                    return None
                record = self._codec.decode(raw)
            except StateUnreadable:
                raise
            except Exception as error:
                raise StateUnreadable(f"the state of a key cannot be read: {type(error).__name__}") from error
        self.current[key] = record
        return record

    def prefetch(self, keys: Iterable[bytes | None]) -> Prefetch | None:
        """Begins to read the rows of keys that are not cached; None where that gains nothing."""
        current, previous = self.current, self._previous
        missing = [key for key in keys if key is not None and key not in current and key not in previous]
        rows = self._store.prefetch(missing)
        return Prefetch(missing, rows, current) if rows is not None else None

    def install(self, prefetch: Prefetch | None) -> None:
        """Makes prefetched rows available to `find`, if they have been read by now and are not stale; rows installed
        before are discarded. Does not block: a read that has not begun is cancelled."""
        self._prefetched = {}
        if prefetch is None:
            return
        if not prefetch.rows.done():
            prefetch.rows.cancel()
        elif prefetch.generation is self.current or prefetch.generation is self._previous:
            self._prefetched = dict(zip(prefetch.keys, prefetch.rows.result(), strict=True))

    def rotate(self) -> None:
        """Called after a commit, when every row that it took is in the store: drops the previous generation if the
        current one is full."""
        if len(self.current) > GENERATION_KEYS:
            # Records that changed while the commit was under way stay cached until the rotation after the next commit.
            self._previous, self.current = self.current, {}
