"""The loop's promises, with a Kafka and agents that do what the test says."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition

from schemas.topics import TOUCHPOINT_IDENTIFIED
from sinks.loop import AT_ONCE, Loop
from sinks.rows import Fetched, Unchecked
from tests.sinks.store import Came

NAME = TOUCHPOINT_IDENTIFIED.name
PLACE = TopicPartition(NAME, 0)
pytestmark = pytest.mark.timeout(30)


class Kafka:
    """Hands out what it was given, a run at a time, and keeps what is committed."""

    def __init__(self, *runs: range) -> None:
        self._runs = list(runs)
        self.committed: list[int] = []

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        await asyncio.sleep(0)
        if not self._runs:
            await asyncio.sleep(timeout_ms / 1000)
            return {}
        return {PLACE: [Came(NAME, b"", offset) for offset in self._runs.pop(0)]}

    async def commit(self, ends: dict[TopicPartition, int]) -> None:
        self.committed.append(ends[PLACE])

    def assignment(self) -> set[TopicPartition]:
        return {PLACE}


class Store:
    """An agent whose batches end when the test says so; each is known by its first offset."""

    def __init__(self) -> None:
        self.batches: dict[int, list[int]] = {}
        self.ended: dict[int, asyncio.Future[None]] = {}
        self._begun: dict[int, asyncio.Event] = {}
        self._gathered: dict[int, list[int]] = {}

    def gather(self, partition: int, records: Sequence[Fetched], into: Unchecked) -> int:
        self._gathered.setdefault(id(into), []).extend(record.offset for record in records)
        return 0

    async def store(self, unchecked: Unchecked) -> None:
        offsets = self._gathered.pop(id(unchecked))
        self.batches[offsets[0]] = offsets
        self.ended[offsets[0]] = asyncio.get_running_loop().create_future()
        self._begun.setdefault(offsets[0], asyncio.Event()).set()
        await self.ended[offsets[0]]

    async def begun(self, first: int) -> None:
        await self._begun.setdefault(first, asyncio.Event()).wait()


def loop(kafka: Kafka, store: Store, flush_rows: int) -> tuple[asyncio.Task[None], asyncio.Event]:
    stop = asyncio.Event()
    return asyncio.create_task(Loop(kafka, {NAME: store}, flush_rows, 0.02).run(stop)), stop  # type: ignore[arg-type]


async def several_turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0.001)


async def test_a_batch_is_committed_after_those_before_it() -> None:
    """The second batch is in ClickHouse before the first.
    Its offsets wait: committed early, they would lose the first when the sink ends now."""
    kafka, store = Kafka(range(5), range(5, 10)), Store()
    running, stop = loop(kafka, store, 5)
    await store.begun(5)
    store.ended[5].set_result(None)
    await several_turns()
    assert kafka.committed == []
    store.ended[0].set_result(None)
    stop.set()
    await running
    assert kafka.committed == [5, 10]


async def test_no_more_is_read_while_clickhouse_is_away() -> None:
    """ClickHouse takes nothing. So many batches are being written, and no other is begun."""
    kafka, store = Kafka(*(range(first, first + 5) for first in range(0, 50, 5))), Store()
    running, _ = loop(kafka, store, 5)
    await store.begun(5 * (AT_ONCE - 1))
    await several_turns()
    assert len(store.batches) == AT_ONCE
    assert len(kafka._runs) == 10 - AT_ONCE - 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_failure_ends_the_loop_and_nothing_after_it_is_committed() -> None:
    """The first of two batches fails, the second is stored. Neither is committed, and the loop ends."""
    kafka, store = Kafka(range(5), range(5, 10)), Store()
    running, _ = loop(kafka, store, 5)
    await store.begun(5)
    store.ended[5].set_result(None)
    store.ended[0].set_exception(ValueError("a bug"))
    with pytest.raises(ExceptionGroup):
        await running
    assert kafka.committed == []


async def test_what_is_read_twice_in_a_batch_is_stored_once() -> None:
    """A partition goes and comes back while a batch is read. What it has of it already is left out."""
    kafka, store = Kafka(range(5), range(2, 8), range(3)), Store()
    running, stop = loop(kafka, store, 100)
    await store.begun(0)
    assert store.batches[0] == list(range(8))
    store.ended[0].set_result(None)
    stop.set()
    await running
    assert kafka.committed == [8]
