"""RocksDB as the workers open it: its options hold after a restart too."""

import asyncio
import time
from pathlib import Path

from processors.shell.state.store import THREAD_FROM_ROWS, RocksStore
from tests.support.hangs import HANG_S

OPTIONS = (
    "filter_policy=bloomfilter",
    "block_size=1024",
    "write_buffer_size=16777216",
    "memtable_whole_key_filtering=true",
)


def options_in_use(folder: Path) -> str:
    """As RocksDB itself writes them down whenever it opens a store."""
    return max(folder.glob("OPTIONS-*")).read_text()


def test_a_store_that_is_opened_again_has_its_rows_and_its_options(tmp_path: Path) -> None:
    """Without its Bloom filter each look-up reads from every file: rocksdict drops it for stores that exist."""
    folder = tmp_path / "store"
    for position in range(3):
        store = RocksStore(folder)
        assert store.position == position
        assert store.get(b"anna") == (b"%d" % position if position else None)
        store.write([(b"anna", b"%d" % (position + 1))], position + 1)
        used = options_in_use(folder)
        assert not [line for line in OPTIONS if line not in used], f"lost at opening {position + 1}"
        store.close()


def test_prefetched_rows_are_the_rows(tmp_path: Path) -> None:
    store = RocksStore(tmp_path / "store")
    store.write([(b"anna", b"1"), (b"ben", b"2")], 2)
    keys = [b"ben", b"nobody", b"anna", b"ben"]
    assert store.prefetch(keys) is None, "a few rows are not worth a thread"
    reading = store.prefetch(THREAD_FROM_ROWS * keys)
    assert reading is not None
    assert reading.result(10) == THREAD_FROM_ROWS * [b"2", None, b"1", b"2"]
    store.close()


async def test_a_write_is_done_even_when_its_caller_was_cancelled(tmp_path: Path) -> None:
    """A partition that is revoked in the middle of a commit: its next owner writes after it."""
    rows = [(b"%05d" % number, b"old") for number in range(20_000)]
    store = RocksStore(tmp_path / "store")
    writing = asyncio.ensure_future(store.write_async(rows, 1))
    await asyncio.sleep(0)
    writing.cancel()
    store.write([(b"00000", b"new")], 2)
    assert (store.position, store.get(b"00000")) == (2, b"new")
    await store.write_async(((key, b"newer") for key, _ in rows), 3)
    assert (store.position, store.get(b"00000"), store.get(rows[-1][0])) == (3, b"newer", b"newer")
    store.close()


def test_a_store_can_be_closed_during_a_prefetch(tmp_path: Path) -> None:
    keys = [b"%05d" % number for number in range(20_000)]
    for position in range(5):
        store = RocksStore(tmp_path / "store")
        store.write(((key, key) for key in keys), position + 1)
        readings = [reading for _ in range(5) if (reading := store.prefetch(keys)) is not None]
        store.close()
        assert all(reading.result(0) == keys for reading in readings)
        store = RocksStore(tmp_path / "store")
        assert store.position == position + 1
        store.close()


def test_a_store_that_forgets_has_its_rows_until_then_and_not_after_it(tmp_path: Path) -> None:
    """Through a prefetch, a scan of all rows and another opening, too: each row carries its time."""
    folder, keys = tmp_path / "store", [b"%05d" % number for number in range(THREAD_FROM_ROWS)]
    for position in range(2):
        store = RocksStore(folder, kept_s=3600)
        assert store.position == position
        store.write(((key, b"%d" % position) for key in keys), position + 1)
        reading = store.prefetch(keys)
        assert reading is not None and reading.result(10) == [b"%d" % position] * len(keys)
        assert store.get(keys[0]) == b"%d" % position and dict(store.rows()) == dict.fromkeys(keys, b"%d" % position)
        store.close()
    store = RocksStore(folder, kept_s=1)
    time.sleep(2.1)
    store._db.flush()
    store._db.compact_range(None, None)
    assert store.get(keys[0]) is None and list(store.rows()) == []
    store.close()


async def test_what_was_overwritten_leaves_the_disk_when_a_store_is_purged(tmp_path: Path) -> None:
    def on_disk() -> bool:
        return any(b"of-somebody" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())

    store = RocksStore(tmp_path / "store")
    store.write([(b"key", b"of-somebody " * 50), (b"other", b"stays")], 1)
    store.rewrite()
    store.write([(b"key", b"mark")], 2)
    assert on_disk(), "it is in a file that is not rewritten"
    store.purge(3600)
    store.purge(0)
    async with asyncio.timeout(HANG_S):
        while on_disk():
            store.write([(b"more", b"work")], 3)
            await asyncio.sleep(0.01)
    assert (store.get(b"key"), store.get(b"other")) == (b"mark", b"stays")
    store.close()
