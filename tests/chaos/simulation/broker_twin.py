"""The in-memory twin of Kafka, and producers and disks of processes that may end at any of their steps.

`BrokerTwin` survives: source topics, effects, and for each partition a changelog with transactions, epochs and
committed offsets. Transactional effects are in the topics once their transaction was committed; transaction markers and
records of aborted transactions are holes there. Producer and store pass their `FaultPoint` at every step that touches
broker or disk.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from processors.shell.state.store import NO_TIMERS, MemoryStore, TimerRows
from schemas.topics import BY_NAME
from tests.chaos.simulation.faults import FaultPoint
from tests.support.source_records import SourceRecord


class Fenced(Exception):
    """The broker refuses: the partition has a newer owner."""


class PublishedRecord(NamedTuple):
    """An effect as it was published."""

    topic: str
    partition: int
    key: bytes
    value: bytes


@dataclass
class PartitionData:
    """What the broker stores for one partition of the processor: changelog rows, committed offsets by topic, and the
    epoch of its owner."""

    rows: list[tuple[bytes, bytes]] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)
    epoch: int = 0


@dataclass
class BrokerTwin:
    """``sources`` has a log for each topic and partition, with None where consumers get no record; ``published`` every
    effect in the order in which it was acknowledged."""

    sources: dict[str, list[list[SourceRecord | None]]]
    partitions: list[PartitionData]
    published: list[PublishedRecord] = field(default_factory=list)
    stamps_ms: list[int] = field(default_factory=list)
    """When each of ``published`` was appended."""
    now_ms: Callable[[], int] = lambda: SourceRecord._field_defaults["timestamp"]
    """The brokers' clock; it stands still where no processor has timers."""
    coming: list[PublishedRecord] = field(default_factory=list)
    """What is sent to the sources while the processor reads what it has sent to itself."""
    burst: Callable[[], int] = lambda: 1
    """How many of them come when another record has come."""

    def append(self, record: PublishedRecord) -> None:
        self.published.append(record)
        self.stamps_ms.append(self.now_ms())
        if record.topic in self.sources:
            self._take(record)
            self._take_coming(self.burst())

    def _take(self, record: PublishedRecord) -> None:
        log = self.sources[record.topic][record.partition]
        log.append(SourceRecord(len(log), record.key, record.value, self.now_ms()))

    def _take_coming(self, many: int) -> None:
        for record in self.coming[:many]:
            self._take(record)
        del self.coming[:many]

    def leave_holes(self, transactional: Sequence[PublishedRecord], aborted: bool) -> None:
        """A transaction ended: a marker in every log that it wrote to, and a hole for each aborted record."""
        logs = [(e.topic, e.partition) for e in transactional if e.topic in self.sources]
        for topic, partition in (*(logs if aborted else ()), *dict.fromkeys(logs)):
            self.sources[topic][partition].append(None)

    def accepts(self, data: PartitionData, epoch: int) -> bool:
        return epoch == data.epoch

    def is_done(self, partition: int) -> bool:
        """Everything of the partition is committed, and nothing comes any more."""
        if self.coming:
            self._take_coming(1)
            return False
        offsets = self.partitions[partition].offsets
        return all(next_record(logs[partition], offsets.get(topic, 0)) is None for topic, logs in self.sources.items())


def next_record(log: Sequence[SourceRecord | None], offset: int) -> int | None:
    """The offset of the first record from ``offset`` on."""
    return next((at for at in range(offset, len(log)) if log[at] is not None), None)


class DeliveryTwin:
    """What `ProducerTwin.add` gives for a row: delivered when awaited, or earlier, or, when the process dies, perhaps
    never."""

    def __init__(self, producer: "ProducerTwin", number: int, offset: int = 0) -> None:
        self._producer, self._number, self.offset = producer, number, offset
        self.rows = (None,)

    @property
    def stamp_ms(self) -> int:
        return self._producer.broker.now_ms()

    def __await__(self) -> Any:
        yield from self._producer.fault_point.step_async().__await__()
        self._producer.deliver(self._number)
        return self


class ProducerTwin:
    """aiokafka's producer with its batches, as far as the shell uses them; one with partition data is transactional."""

    def __init__(self, broker: BrokerTwin, fault_point: FaultPoint, data: PartitionData | None = None) -> None:
        self.broker, self.fault_point, self._data = broker, fault_point, data
        self.sent: list[PublishedRecord] = []
        self.delivered = 0
        self._rows: list[tuple[bytes, bytes]] = []
        self._transactional: list[PublishedRecord] = []
        self._offsets: dict[str, int] = {}
        if data is not None:
            data.epoch += 1
            self._epoch = data.epoch

    async def add(self, topic: str, partition: int, rows: Sequence[Any]) -> list[DeliveryTwin]:
        return [await self._send(topic, value, key, partition) for key, value, _ in rows]

    async def _send(self, topic: str, value: bytes, key: bytes, partition: int) -> DeliveryTwin:
        await self.fault_point.step_async()
        if self._data is not None and topic in BY_NAME:
            self._transactional.append(PublishedRecord(topic, partition, key, value))
            return DeliveryTwin(self, 0)
        if self._data is not None:
            self._rows.append((key, value))
            return DeliveryTwin(self, 0, offset=len(self._data.rows) + len(self._rows) - 1)
        self.sent.append(PublishedRecord(topic, partition, key, value))
        return DeliveryTwin(self, len(self.sent))

    def deliver(self, count: int) -> None:
        """Appends the first ``count`` sent records to their logs, unless they are there already."""
        for record in self.sent[self.delivered : count]:
            self.broker.append(record)
        self.delivered = max(self.delivered, count)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        assert self._data is not None
        self._rows, self._transactional, self._offsets = [], [], {}
        try:
            yield
            await self.fault_point.step_async()
            if not self.broker.accepts(self._data, self._epoch):
                raise Fenced
        except BaseException:
            self.broker.leave_holes(self._transactional, aborted=True)
            raise
        for record in self._transactional:
            self.broker.append(record)
        self.broker.leave_holes(self._transactional, aborted=False)
        self._data.rows += self._rows
        self._data.offsets |= self._offsets
        await self.fault_point.step_async()

    async def send_offsets_to_transaction(self, offsets: Any, group: str) -> None:
        self._offsets = {tp.topic: to.offset for tp, to in offsets.items()}

    async def stop(self) -> None:
        pass


class FaultyStore(MemoryStore):
    """A disk of a process that may die before or after a write, but not in the middle of one."""

    fault_point: FaultPoint

    def prefetch(self, keys: list[bytes]) -> Future[list[bytes | None]]:
        """Reads at once, as early as a thread can: later writes are not in the result."""
        rows = Future[list[bytes | None]]()
        rows.set_result([self.get(key) for key in keys])
        return rows

    def write(self, rows: Any, position: int, timers: TimerRows = NO_TIMERS) -> None:
        self.fault_point.step()
        super().write(rows, position, timers)
        self.fault_point.step()

    async def write_async(self, rows: Any, position: int, timers: TimerRows = NO_TIMERS) -> None:
        """Concurrent work goes on meanwhile."""
        await self.fault_point.step_async()
        self.write(rows, position, timers)
