"""Where a partition's state rests between batches: memory, or RocksDB on disk.

A store only ever holds what the changelog holds: rows are written after their transaction was committed, together with
the changelog position that they bring the store to, in one atomic write.

RocksDB reads many rows and writes them without Python's lock. A thread does that while the one that works goes on, and
leaves it the caches of its processor.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Protocol

import rocksdict

Rows = Iterable[tuple[bytes, bytes]]
BLOCK_BYTES = 1 << 10
BLOOM_BITS = 10
"""For each key: a file that does not have it is looked at in vain once in a hundred times."""
MEMTABLE_BLOOM = 0.02
"""Share of the rows in memory that their own filter may take."""
BESIDE_FROM = 100
"""Rows that are worth a thread's while."""
_POSITION = b"\0position"
_BESIDE = ThreadPoolExecutor(1, thread_name_prefix="rocksdb")
"""One for all stores of a process."""


class Store(Protocol):
    """Latest value of each key of one partition, and the changelog offset up to which it is complete."""

    position: int

    def get(self, key: bytes) -> bytes | None: ...

    def ahead(self, keys: list[bytes]) -> Future[list[bytes | None]] | None:
        """Begins to get them all while other work goes on; None where nothing is gained by that."""

    def write(self, rows: Rows, position: int) -> None:
        """Takes the rows; ``position`` is the offset after the last changelog record that they contain."""

    async def put(self, rows: Rows, position: int) -> None:
        """The same while other work goes on. Whoever stops waiting may find it done later, but not undone: what is
        written next comes after it."""

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """Every row."""

    def close(self) -> None: ...


class MemoryStore:
    """In a dict: for tests and small states. Restored from the changelog at every start."""

    def __init__(self) -> None:
        self.position = 0
        self._rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def ahead(self, keys: list[bytes]) -> Future[list[bytes | None]] | None:
        return None

    def write(self, rows: Rows, position: int) -> None:
        self._rows.update(rows)
        self.position = position

    async def put(self, rows: Rows, position: int) -> None:
        self.write(rows, position)

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        yield from self._rows.items()

    def close(self) -> None:
        pass


class RocksStore:
    """In RocksDB at ``folder``: a restart reads only the tail of the changelog."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        options = rocksdict.Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_max_background_jobs(2)
        options.set_write_buffer_size(16 << 20)
        options.set_keep_log_file_num(1)
        # Most of who is asked for is not among the latest rows.
        options.set_memtable_whole_key_filtering(True)
        options.set_memtable_prefix_bloom_ratio(MEMTABLE_BLOOM)
        # States are small and asked for one by one: no large block is to be read and unpacked for each.
        options.set_compression_type(rocksdict.DBCompressionType.none())
        options.set_allow_mmap_reads(True)
        options.set_advise_random_on_open(False)
        blocks = rocksdict.BlockBasedOptions()
        blocks.set_block_size(BLOCK_BYTES)
        blocks.set_bloom_filter(BLOOM_BITS, False)
        options.set_block_based_table_factory(blocks)
        # Named once more: of a store that exists, rocksdict forgets them otherwise (quixio/quix-streams#1136).
        self._db = rocksdict.Rdict(str(folder), options, column_families={"default": options})
        self.position = int(self._db.get(_POSITION) or 0)
        self._reads: list[Future[Any]] = []
        self._writes: list[Future[Any]] = []

    def get(self, key: bytes) -> bytes | None:
        return self._db.get(key)

    def ahead(self, keys: list[bytes]) -> Future[list[bytes | None]] | None:
        return _begin(self._reads, self._db.get, keys) if len(keys) >= BESIDE_FROM else None

    def write(self, rows: Rows, position: int) -> None:
        wait(self._writes)
        self._write(rows, position)

    async def put(self, rows: Rows, position: int) -> None:
        several = list(rows)
        if len(several) < BESIDE_FROM:
            self.write(several, position)
        else:
            await asyncio.wrap_future(_begin(self._writes, self._write, several, position))

    def _write(self, rows: Rows, position: int) -> None:
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in rows:
            batch.put(key, value)
        batch.put(_POSITION, b"%d" % position)
        self._db.write(batch)
        self.position = position

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """Every row, in the order of keys."""
        for key, value in self._db.items():
            if isinstance(key, bytes) and key != _POSITION:
                yield key, value

    def close(self) -> None:
        wait(self._reads + self._writes)  # rocksdict does not close what is in use
        self._db.close()


def _begin(under_way: list[Future[Any]], work: Callable[..., Any], *args: Any) -> Future[Any]:
    """Has it done beside, and noted for whoever has to wait for its end."""
    under_way[:] = [earlier for earlier in under_way if not earlier.done()]
    under_way.append(_BESIDE.submit(work, *args))
    return under_way[-1]
