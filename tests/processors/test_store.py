"""RocksDB as the workers open it: what was set holds after a restart too."""

from pathlib import Path

from processors.shell.store import RocksStore

SET = (
    "filter_policy=bloomfilter",
    "block_size=1024",
    "write_buffer_size=16777216",
    "memtable_whole_key_filtering=true",
)


def options_in_use(folder: Path) -> str:
    """As RocksDB itself writes them down whenever it opens a store."""
    return max(folder.glob("OPTIONS-*")).read_text()


def test_a_store_that_is_opened_again_has_its_rows_and_its_options(tmp_path: Path) -> None:
    """Without its Bloom filter each look-up reads from every file: rocksdict forgets it for stores that exist."""
    folder = tmp_path / "store"
    for position in range(3):
        store = RocksStore(folder)
        assert store.position == position
        assert store.get(b"anna") == (b"%d" % position if position else None)
        store.write([(b"anna", b"%d" % (position + 1))], position + 1)
        used = options_in_use(folder)
        assert not [line for line in SET if line not in used], f"lost at opening {position + 1}"
        store.close()
