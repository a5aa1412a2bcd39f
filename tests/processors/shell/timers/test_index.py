"""The index of timers gives every entry once and in the order of time, however little of it is in memory, and whatever
was committed when it is opened again."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.shell.state.store import TIMERS_VERSION, MemoryStore, RocksStore, Store
from processors.shell.timers import index
from processors.shell.timers.index import IndexingStore, TimerIndex, derive_index

LOADED = 3
Acts = list[tuple[str, int, int]]
ACTS = st.lists(
    st.tuples(st.sampled_from(("add", "add", "pop", "commit", "reopen")), st.integers(0, 30), st.integers(0, 5)),
    max_size=60,
)


def played(store: Store, acts: Acts) -> None:
    """Compares the index with a set of (time, key), of which a reopening forgets what no commit wrote."""
    timers, expected, committed = TimerIndex(store), set[tuple[int, bytes]](), set[tuple[int, bytes]]()
    for act, due, number in acts:
        key = b"key-%d" % number
        if act == "add":
            timers.add(due, key)
            expected.add((due, key))
        elif act == "pop":
            first = min(expected, default=None)
            assert timers.earliest() == (first[0] if first else None)
            wanted = first if first is not None and first[0] <= due else None
            assert timers.pop(due) == (wanted[1] if wanted else None)
            expected.discard(wanted or (-1, b""))
        elif act == "commit":
            store.write((), store.position + 1, timers.take_changed_rows())
            timers.after_commit()
            committed = set(expected)
        else:
            timers, expected = TimerIndex(store), set(committed)
    found = []
    while (key_left := timers.pop(1 << 60)) is not None:
        found.append(key_left)
    assert found == [key for _, key in sorted(expected)]


@given(ACTS)
def test_every_entry_comes_once_and_in_order(acts: Acts) -> None:
    with patch.object(index, "LOADED", LOADED):
        played(MemoryStore(), acts)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_on_disk_too(tmp_path_factory: pytest.TempPathFactory, acts: Acts) -> None:
    store = RocksStore(tmp_path_factory.mktemp("store"))
    with patch.object(index, "LOADED", LOADED):
        played(store, acts)
    store.close()


def _wakes(key: bytes, row: bytes) -> int | None:
    return int(row) or None


@pytest.mark.parametrize("make", [lambda folder: MemoryStore(), RocksStore], ids=["memory", "disk"])
def test_a_store_of_before_gets_its_timers_and_other_rules_give_others(
    make: Callable[[Path], Store], tmp_path: Path
) -> None:
    store = make(tmp_path / "store")
    store.write([(b"key-%d" % number, b"%d" % number) for number in range(20)], 7)
    assert derive_index(store, 1, _wakes) == 20 and derive_index(store, 1, _wakes) == 0
    assert [index.due_of(timer) for timer in store.timers(index.TIMER, 100)] == list(range(1, 20))
    assert derive_index(store, 2, lambda key, row: 1000 - int(row)) == 20
    assert [index.due_of(timer) for timer in store.timers(index.TIMER, 100)] == list(range(981, 1001))
    assert dict(store.rows()) == {b"key-%d" % number: b"%d" % number for number in range(20)}, "timers are no rows"
    assert store.get(TIMERS_VERSION) == b"2" and store.position == 7
    store.close()


def test_what_a_restore_writes_has_its_timers() -> None:
    store = MemoryStore()
    IndexingStore(store, _wakes).write([(b"a", b"5"), (b"b", b"0"), (b"c", b"3")], 3)
    timers = TimerIndex(store)
    assert [timers.pop(9), timers.pop(9), timers.pop(9)] == [b"c", b"a", None] and store.get(b"b") == b"0"


def test_a_time_before_1970_is_at_once() -> None:
    timers = TimerIndex(MemoryStore())
    timers.add(-5, b"old")
    assert timers.earliest() == 0 and timers.pop(0) == b"old"
