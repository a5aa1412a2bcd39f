"""The timers of a partition by time, derived from the states of its keys.

A state says by itself when it wakes (``Processor.wakes``); an entry of the index is no more than a hint to look at a
state then. The invariant: a key whose state wakes has an entry for that time or an earlier one. So an entry is written
only when a state wakes earlier than it did, and a state whose time moves on with every event (inactivity) writes none:
its old entry comes up once, and the key is entered anew for the time that its state says then.

Entries are rows of the store, written with the state's row and in no changelog; wherever states are restored, they are
derived again. In memory are the earliest ones, up to a horizon, and those that no commit has written yet.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator

from processors.shell.state.store import TIMER, TIMERS_VERSION, Rows, Store, TimerRows

LOADED = 5_000
"""Entries that are read from the store at a time. Twice as many are in memory at most, and what is not committed."""
_TIME_BYTES = 8

Wakes = Callable[[bytes, bytes], int | None]
"""When the state in a row (its key, its value) wakes, in microseconds."""


def entry_of(due: int, key: bytes) -> bytes:
    """The row of a timer: entries sort by time. ``due`` is in microseconds since 1970 UTC; before that is at once."""
    return TIMER + max(0, due).to_bytes(_TIME_BYTES, "big") + key


def due_of(entry: bytes) -> int:
    """The time of an entry, in microseconds."""
    return int.from_bytes(entry[len(TIMER) : len(TIMER) + _TIME_BYTES], "big")


def key_of(entry: bytes) -> bytes:
    """The key whose state an entry is about."""
    return entry[len(TIMER) + _TIME_BYTES :]


class TimerIndex:
    """Used by one stream task, on its event loop; reads the store when the entries in memory have come up.

    :param store: complete up to the last commit.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heap: list[bytes] = []
        self._changed: dict[bytes, bool] = {}
        """Whether an entry is there (or not any more), for what the next commit writes; likewise the next."""
        self._committing: dict[bytes, bool] = {}
        self._horizon: bytes | None = TIMER
        """Up to here all entries are in memory; None: all of them are."""

    def add(self, due: int, key: bytes) -> None:
        """Enters a key for a time."""
        entry = entry_of(due, key)
        self._changed[entry] = True
        if self._horizon is None or entry <= self._horizon:
            heapq.heappush(self._heap, entry)
            if len(self._heap) > 2 * LOADED:
                self._keep_earliest()

    def earliest(self) -> int | None:
        """The time of the first entry, in microseconds; None: there is none. May block for a read of the store."""
        self._load()
        return due_of(self._heap[0]) if self._heap else None

    def pop(self, until: int) -> bytes | None:
        """Takes the key of the first entry that is not later than ``until`` (microseconds) out; None: there is none."""
        self._load()
        if not self._heap or due_of(self._heap[0]) > until:
            return None
        entry = heapq.heappop(self._heap)
        while self._heap and self._heap[0] == entry:
            heapq.heappop(self._heap)
        self._changed[entry] = False
        return key_of(entry)

    def take_changed_rows(self) -> TimerRows:
        """What changed since the last call, for a commit that begins now."""
        self._committing, self._changed = self._changed, {}
        written = [entry for entry, there in self._committing.items() if there]
        return TimerRows(written, [entry for entry, there in self._committing.items() if not there])

    def after_commit(self) -> None:
        """Called when the rows of the last `take_changed_rows` are in the store."""
        self._committing = {}

    def _load(self) -> None:
        while not self._heap and self._horizon is not None:
            before = self._horizon
            stored = self._store.timers(before, LOADED)
            self._horizon = stored[-1] if len(stored) == LOADED else None
            gone = {entry for entry, there in self._pending() if not there}
            found = {entry for entry in stored if entry not in gone}
            found |= {entry for entry, there in self._pending() if there and self._is_between(before, entry)}
            self._heap = sorted(found)

    def _is_between(self, before: bytes, entry: bytes) -> bool:
        return entry > before and (self._horizon is None or entry <= self._horizon)

    def _pending(self) -> Iterable[tuple[bytes, bool]]:
        return (self._committing | self._changed).items()

    def _keep_earliest(self) -> None:
        """The others are read again, from the store or from what is not committed."""
        self._heap = sorted(set(self._heap))[:LOADED]
        self._horizon = self._heap[-1]


class IndexingStore:
    """A store that is being restored, as far as that writes to it: derives the timers of the rows that it gets."""

    def __init__(self, store: Store, wakes: Wakes) -> None:
        self._store = store
        self._wakes = wakes

    @property
    def position(self) -> int:
        return self._store.position

    def get(self, key: bytes) -> bytes | None:
        return self._store.get(key)

    def write(self, rows: Rows, position: int) -> None:
        several = list(rows)
        self._store.write(several, position, TimerRows(list(_entries(several, self._wakes)), []))


def derive_index(store: Store, version: int, wakes: Wakes) -> int:
    """Makes the index of a store that has states and no index, or one by another version of ``wakes``. Blocks.

    :returns: the number of states that were looked at.
    """
    current = b"%d" % version
    if store.get(TIMERS_VERSION) == current:
        return 0
    after = TIMER
    while old := store.timers(after, LOADED):
        store.write((), store.position, TimerRows([], old))
        after = old[-1]
    count = 0
    for some in _chunks(store.rows()):
        store.write((), store.position, TimerRows(list(_entries(some, wakes)), []))
        count += len(some)
    store.write([(TIMERS_VERSION, current)], store.position)
    return count


def _entries(rows: Iterable[tuple[bytes, bytes]], wakes: Wakes) -> Iterator[bytes]:
    for key, row in rows:
        if (due := wakes(key, row)) is not None:
            yield entry_of(due, key)


def _chunks(rows: Iterable[tuple[bytes, bytes]]) -> Iterator[list[tuple[bytes, bytes]]]:
    some = []
    for row in rows:
        some.append(row)
        if len(some) == LOADED:
            yield some
            some = []
    if some:
        yield some
