"""Where a partition's state rests between batches: in memory, or in RocksDB on disk.

A store contains nothing that the changelog does not: rows are written after their transaction was committed, together
with the changelog position that they bring the store to, in one atomic write. Beside them is what is derived from them:
the timers (processors/shell/timers/index.py).

RocksDB reads and writes many rows without Python's lock, so large reads and writes run in a thread while the event loop
goes on, and leave it the CPU caches of its core.
"""

import asyncio
import heapq
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import rocksdict

Rows = Iterable[tuple[bytes, bytes]]
BLOCK_BYTES = 1 << 10
BLOOM_BITS = 10
"""Of the Bloom filter, per key: one in a hundred look-ups of a file that does not have the key reads it in vain."""
MEMTABLE_BLOOM = 0.02
"""Share of the memtable that its own Bloom filter may take."""
THREAD_FROM_ROWS = 100
"""Fewer rows are read or written on the event loop: handing them to a thread takes longer."""
REWRITE_AGAIN_S = 86_400.0
"""After which a purged store is purged again."""
TIMER = b"\0timer\0"
"""Prefix of the keys of timers, whose rows are empty."""
TIMERS_VERSION = b"\0timers"
"""Key of the version by which the timers were derived."""
_POSITION = b"\0position"
_ORIGIN = b"\0origin"
_OWN = (_POSITION, _ORIGIN, TIMERS_VERSION)
"""Keys of what a store knows of itself."""
_THREAD = ThreadPoolExecutor(1, thread_name_prefix="rocksdb")
"""One for all stores of a process; likewise the next, for what takes long."""
_PURGE_THREAD = ThreadPoolExecutor(1, thread_name_prefix="rocksdb-purge")


class TimerRows(NamedTuple):
    """Keys of timers that a write adds and removes."""

    added: list[bytes]
    removed: list[bytes]


NO_TIMERS = TimerRows([], [])


class Store(Protocol):
    """Latest value of each key of one partition. ``position`` is the changelog offset up to which it is complete,
    ``origin`` the id of that changelog (`schemas.kafka.topic_ids.TopicId` as text); empty: not known yet.

    Called by the partition and its task on the event loop; every method but `prefetch` and `write_async` blocks.
    """

    position: int
    origin: str

    def claim(self, origin: str) -> None:
        """Writes the origin down."""

    def get(self, key: bytes) -> bytes | None: ...

    def prefetch(self, keys: list[bytes]) -> Future[list[bytes | None]] | None:
        """Begins to read the values of all keys in a thread; None where that gains nothing."""

    def write(self, rows: Rows, position: int, timers: TimerRows = NO_TIMERS) -> None:
        """Writes the rows; ``position`` is the offset after the last changelog record that they contain."""

    async def write_async(self, rows: Rows, position: int, timers: TimerRows = NO_TIMERS) -> None:
        """Writes many rows in a thread, few at once. A caller that is cancelled may find the write done later, but not
        undone: later writes come after it."""

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """Every row, without timers."""

    def timers(self, after: bytes, limit: int) -> list[bytes]:
        """The first keys of timers after the given one, in order."""

    def purge(self, within_s: float) -> None:
        """Has overwritten values leave the disk within so many seconds, and again from time to time. Called on an event
        loop; does not block."""

    def close(self) -> None: ...


class MemoryStore:
    """In a dict: for tests and small states. Restored from the changelog at every start."""

    def __init__(self) -> None:
        self.position = 0
        self.origin = ""
        self._rows: dict[bytes, bytes] = {}
        self._timers: set[bytes] = set()

    def claim(self, origin: str) -> None:
        self.origin = origin

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def prefetch(self, keys: list[bytes]) -> Future[list[bytes | None]] | None:
        return None

    def write(self, rows: Rows, position: int, timers: TimerRows = NO_TIMERS) -> None:
        self._rows.update(rows)
        self._timers.update(timers.added)
        self._timers.difference_update(timers.removed)
        self.position = position

    async def write_async(self, rows: Rows, position: int, timers: TimerRows = NO_TIMERS) -> None:
        self.write(rows, position, timers)

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        return ((key, row) for key, row in self._rows.items() if key not in _OWN)

    def timers(self, after: bytes, limit: int) -> list[bytes]:
        return heapq.nsmallest(limit, (timer for timer in self._timers if timer > after))

    def purge(self, within_s: float) -> None:
        pass

    def close(self) -> None:
        pass


class RocksStore:
    """In RocksDB at ``folder``: a restart reads only the tail of the changelog.

    :param kept_s: how long a row is kept after it was last written; None: for ever. RocksDB drops older ones when it
        compacts the file that they are in. A store that exists must be opened as it was made.
    """

    def __init__(self, folder: Path, kept_s: int | None = None) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        options = rocksdict.Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_max_background_jobs(2)
        options.set_write_buffer_size(16 << 20)
        options.set_keep_log_file_num(1)
        # Most keys that are looked up are not in the memtable.
        options.set_memtable_whole_key_filtering(True)
        options.set_memtable_prefix_bloom_ratio(MEMTABLE_BLOOM)
        # State records are small and read one by one: a large block would be read and unpacked for each.
        options.set_compression_type(rocksdict.DBCompressionType.none())
        options.set_allow_mmap_reads(True)
        options.set_advise_random_on_open(False)
        blocks = rocksdict.BlockBasedOptions()
        blocks.set_block_size(BLOCK_BYTES)
        blocks.set_bloom_filter(BLOOM_BITS, False)
        options.set_block_based_table_factory(blocks)
        # Given as column family too: of a store that exists, rocksdict drops them otherwise (quixio/quix-streams#1136).
        self._db = rocksdict.Rdict(
            str(folder),
            options,
            column_families={"default": options},
            access_type=rocksdict.AccessType.with_ttl(kept_s) if kept_s else rocksdict.AccessType.read_write(),
        )
        self.position = int(self._db.get(_POSITION) or 0)
        self.origin = (self._db.get(_ORIGIN) or b"").decode()
        self._reads: list[Future[Any]] = []
        self._writes: list[Future[Any]] = []
        self._purge: asyncio.TimerHandle | None = None
        self._purges: list[Future[Any]] = []

    def claim(self, origin: str) -> None:
        self._db[_ORIGIN] = origin.encode()
        self.origin = origin

    def get(self, key: bytes) -> bytes | None:
        return self._db.get(key)

    def prefetch(self, keys: list[bytes]) -> Future[list[bytes | None]] | None:
        return _submit(self._reads, self._db.get, keys) if len(keys) >= THREAD_FROM_ROWS else None

    def write(self, rows: Rows, position: int, timers: TimerRows = NO_TIMERS) -> None:
        wait(self._writes)
        self._write(rows, position, timers)

    async def write_async(self, rows: Rows, position: int, timers: TimerRows = NO_TIMERS) -> None:
        several = list(rows)
        if len(several) + len(timers.added) + len(timers.removed) < THREAD_FROM_ROWS:
            self.write(several, position, timers)
        else:
            await asyncio.wrap_future(_submit(self._writes, self._write, several, position, timers))

    def _write(self, rows: Rows, position: int, timers: TimerRows) -> None:
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in rows:
            batch.put(key, value)
        for timer in timers.added:
            batch.put(timer, b"")
        for timer in timers.removed:
            batch.delete(timer)
        batch.put(_POSITION, b"%d" % position)
        self._db.write(batch)
        self.position = position

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """Every row, in the order of keys."""
        for key, value in self._db.items():
            if isinstance(key, bytes) and key not in _OWN and not key.startswith(TIMER):
                yield key, value

    def timers(self, after: bytes, limit: int) -> list[bytes]:
        found: list[bytes] = []
        for key in self._db.keys(from_key=after):
            if not isinstance(key, bytes) or not key.startswith(TIMER) or len(found) == limit:
                break
            if key > after:
                found.append(key)
        return found

    def purge(self, within_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._purge is not None:
            if self._purge.when() <= loop.time() + within_s:
                return
            self._purge.cancel()
        self._purge = loop.call_later(within_s, self._begin_purge)

    def _begin_purge(self) -> None:
        self._purge = None
        if all(earlier.done() for earlier in self._purges):
            self._purges = [_PURGE_THREAD.submit(self.rewrite)]
        self.purge(REWRITE_AGAIN_S)

    def rewrite(self) -> None:
        """Rewrites every file without the values that were overwritten. Blocks, without Python's lock; reads and writes
        go on meanwhile."""
        self._db.flush()
        self._db.compact_range(None, None)

    def close(self) -> None:
        """Waits for reads and writes in the threads: rocksdict does not close a database that is in use."""
        if self._purge is not None:
            self._purge.cancel()
        wait(self._reads + self._writes + self._purges)
        self._db.close()


def _submit(pending: list[Future[Any]], work: Callable[..., Any], *args: Any) -> Future[Any]:
    """Runs ``work`` in the thread and adds its future to ``pending``, from which finished ones are removed."""
    pending[:] = [earlier for earlier in pending if not earlier.done()]
    pending.append(_THREAD.submit(work, *args))
    return pending[-1]
