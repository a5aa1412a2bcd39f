"""State cache and prefetched rows: in whatever order batches are queued and processed, rows are read by a thread and
commits go on beside both, the task finds the latest state record of a key.
"""

from concurrent.futures import Future
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from processors.shell.state import state_cache
from processors.shell.state.records import Active, StateRecordCodec
from processors.shell.state.state_cache import Prefetch, StateCache
from processors.shell.state.store import MemoryStore

KEYS = [b"anna", b"ben"]
SOME_KEYS = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)


class Count(msgspec.Struct, frozen=True, array_like=True):
    of: int = 0


CODEC = StateRecordCodec(Count)


class SlowStore(MemoryStore):
    """Prefetches when `read` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: list[tuple[list[bytes], Future[Any]]] = []

    def prefetch(self, keys: list[bytes]) -> Future[list[bytes | None]]:
        self.pending.append((keys, Future()))
        return self.pending[-1][1]

    def read(self) -> None:
        keys, rows = self.pending.pop(0)
        if rows.set_running_or_notify_cancel():
            rows.set_result([self.get(key) for key in keys])


class Queued(NamedTuple):
    """A batch that waits for the task."""

    keys: list[bytes]
    prefetched: Prefetch | None


class Task:
    """A cache with commits as a stream task makes them, and the number of times each key was processed, with which the
    cached records have to agree."""

    def __init__(self) -> None:
        self.store = SlowStore()
        self.cache = StateCache(self.store, CODEC)
        self.counts: dict[bytes, int] = {}
        self.queue: list[Queued] = []
        self.changed: dict[bytes, Any] = {}
        self.committing: dict[bytes, bytes] | None = None

    def enqueue(self, keys: list[bytes]) -> None:
        self.queue.append(Queued(keys, self.cache.prefetch(keys)))

    def read(self) -> None:
        if self.store.pending:
            self.store.read()

    def process(self) -> None:
        if not self.queue:
            return
        batch = self.queue.pop(0)
        self.cache.install(batch.prefetched)
        for key in batch.keys:
            record = self.cache.current.get(key) or self.cache.find(key)
            count = record.state.of if isinstance(record, Active) and record.state else 0
            assert count == self.counts.get(key, 0), f"the record of {key!r} is stale"
            self.counts[key] = count + 1
            self.cache.current[key] = self.changed[key] = Active(Count(count + 1))

    def commit(self) -> None:
        """Begins a commit, or ends the one that is under way."""
        if self.committing is None:
            self.committing = {key: CODEC.encode(record) for key, record in self.changed.items()}
            self.changed = {}
        else:
            self.store.write(self.committing.items(), 0)
            self.cache.rotate()
            self.committing = None


STEPS = st.one_of(
    st.builds(lambda keys: ("enqueue", keys), SOME_KEYS),
    st.sampled_from([("read",), ("process",), ("process",), ("commit",), ("commit",)]),
)


@given(st.lists(STEPS, max_size=60))
def test_the_latest_record_is_found(steps: list[tuple[Any, ...]]) -> None:
    with patch.object(state_cache, "GENERATION_KEYS", 0):
        task = Task()
        for name, *arguments in steps:
            getattr(task, name)(*arguments)
        while task.queue:
            task.process()


def test_rows_of_two_generations_ago_are_discarded() -> None:
    """Ben's row is prefetched while he has none; then he has one, and two commits later no generation holds him."""
    with patch.object(state_cache, "GENERATION_KEYS", 0):
        task = Task()
        task.enqueue([b"ben"])
        task.enqueue([b"ben"])
        task.read()
        task.read()
        task.process()
        for _ in range(2):
            task.commit()
            task.commit()
            task.cache.current[b"anna"] = Active(Count(1))
        task.process()


def test_a_prefetched_row_is_not_read_again() -> None:
    task = Task()
    task.store.write([(b"ben", CODEC.encode(Active(Count(3))))], 1)
    task.counts[b"ben"] = 3
    task.enqueue([b"ben"])
    task.read()
    with patch.object(task.store, "get", side_effect=AssertionError("read twice")):
        task.process()
    assert task.counts[b"ben"] == 4
