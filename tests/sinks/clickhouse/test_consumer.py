"""The order of commits and the bounds of the sink's consumer, with a fake Kafka and a fake topic writer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition

from schemas.kafka.topic_ids import TopicId, TopicReplaced
from schemas.topics import TOUCHPOINT_IDENTIFIED
from sinks.clickhouse.consumer import MAX_WRITES, SinkConsumer
from sinks.clickhouse.record_router import RawRecord, UncheckedRecords
from tests.support.sink_store import FakeRecord

NAME = TOUCHPOINT_IDENTIFIED.name
PLACE = TopicPartition(NAME, 0)
HERE = TopicId("here", "1")


class FakeKafka:
    """Returns the given offsets, one range per fetch, and records what is committed."""

    def __init__(self, *fetches: range) -> None:
        self.fetches = list(fetches)
        self.committed: list[int] = []

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        await asyncio.sleep(0)
        if not self.fetches:
            await asyncio.sleep(timeout_ms / 1000)
            return {}
        return {PLACE: [FakeRecord(NAME, b"", offset) for offset in self.fetches.pop(0)]}

    async def commit(self, ends: dict[TopicPartition, tuple[int, str]]) -> None:
        offset, belongs_to = ends[PLACE]
        assert belongs_to == str(HERE)
        self.committed.append(offset)

    def assignment(self) -> set[TopicPartition]:
        return {PLACE}


class FakeWriter:
    """A topic writer whose batches are stored when the test completes them; each is known by its first offset."""

    def __init__(self) -> None:
        self.batches: dict[int, list[int]] = {}
        self.stored: dict[int, asyncio.Future[None]] = {}
        self._started: dict[int, asyncio.Event] = {}
        self._added: dict[int, list[int]] = {}

    def add(self, partition: int, records: Sequence[RawRecord], into: UncheckedRecords) -> int:
        self._added.setdefault(id(into), []).extend(record.offset for record in records)
        return 0

    async def store(self, unchecked: UncheckedRecords) -> None:
        offsets = self._added.pop(id(unchecked))
        self.batches[offsets[0]] = offsets
        self.stored[offsets[0]] = asyncio.get_running_loop().create_future()
        self._started.setdefault(offsets[0], asyncio.Event()).set()
        await self.stored[offsets[0]]

    async def started(self, first: int) -> None:
        await self._started.setdefault(first, asyncio.Event()).wait()


def start(
    kafka: FakeKafka, writer: FakeWriter, flush_rows: int, check: Callable[[], Awaitable[None]] | None = None
) -> tuple[asyncio.Task[None], asyncio.Event]:
    async def same_topics() -> None:
        pass

    stop = asyncio.Event()
    consumer: Any = kafka
    writers: Any = {NAME: writer}
    sink = SinkConsumer(consumer, writers, {NAME: HERE}, check or same_topics, flush_rows, 0.02)
    return asyncio.create_task(sink.run(stop)), stop


async def let_tasks_run() -> None:
    for _ in range(50):
        await asyncio.sleep(0.001)


async def test_a_batch_is_committed_after_those_before_it() -> None:
    """The second batch is in ClickHouse before the first.
    Its offsets wait: committed early, they would lose the first batch if the sink ended now."""
    kafka, writer = FakeKafka(range(5), range(5, 10)), FakeWriter()
    running, stop = start(kafka, writer, 5)
    await writer.started(5)
    writer.stored[5].set_result(None)
    await let_tasks_run()
    assert kafka.committed == []
    writer.stored[0].set_result(None)
    stop.set()
    await running
    assert kafka.committed == [5, 10]


async def test_no_more_is_read_while_clickhouse_is_away() -> None:
    """ClickHouse accepts nothing: MAX_WRITES batches are being written, and no other one is started."""
    kafka, writer = FakeKafka(*(range(first, first + 5) for first in range(0, 50, 5))), FakeWriter()
    running, _ = start(kafka, writer, 5)
    await writer.started(5 * (MAX_WRITES - 1))
    await let_tasks_run()
    assert len(writer.batches) == MAX_WRITES
    assert len(kafka.fetches) == 10 - MAX_WRITES - 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_failure_ends_the_consumer_and_nothing_after_it_is_committed() -> None:
    """The first of two batches fails, the second is stored. Neither is committed, and the consumer ends."""
    kafka, writer = FakeKafka(range(5), range(5, 10)), FakeWriter()
    running, _ = start(kafka, writer, 5)
    await writer.started(5)
    writer.stored[5].set_result(None)
    writer.stored[0].set_exception(ValueError("a bug"))
    with pytest.raises(ExceptionGroup):
        await running
    assert kafka.committed == []


async def test_records_read_twice_in_a_batch_are_stored_once() -> None:
    """A partition is revoked and assigned again while a batch is read. Records that the batch already has are left
    out."""
    kafka, writer = FakeKafka(range(5), range(2, 8), range(3)), FakeWriter()
    running, stop = start(kafka, writer, 100)
    await writer.started(0)
    assert writer.batches[0] == list(range(8))
    writer.stored[0].set_result(None)
    stop.set()
    await running
    assert kafka.committed == [8]


async def test_records_that_begin_again_are_not_stored_before_the_topic_is_known_to_be_the_same() -> None:
    """A topic that was made again begins at 0; its records must not be stored as those of the topic before."""
    kafka, writer, asked = FakeKafka(range(10, 20), range(5)), FakeWriter(), 0

    async def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise TopicReplaced("made again")

    running, _ = start(kafka, writer, 5, check)
    await writer.started(10)
    with pytest.raises(TopicReplaced):
        await running
    assert list(writer.batches) == [10]
