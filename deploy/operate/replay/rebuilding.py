"""A processor on all its partitions in this process: the real stream tasks and core, with what it sends itself."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.operate.replay.reference import ReferenceHistory
from processors.reference import Reference
from processors.shell.applied_batch import EncodedEffect
from processors.shell.reject_limit import RejectLimit
from processors.shell.rejecting import Record
from processors.shell.state.store import RocksStore
from processors.shell.task import StreamTask
from processors.step import Processor
from schemas.codec.avro import Codec
from schemas.topics import BY_NAME, Topic

NO_LIMIT = 1 << 60
"""Of rejects in a row: each was published when a worker first met it."""
WAKE_KEYS = 1_000
"""Timers that are done in one go."""
DIRTY_ROWS = 20_000
"""Changed rows that a partition keeps in memory before they are written to disk."""


@dataclass(slots=True)
class InternalRecord:
    """An event that the processor sends itself, in the form of a Kafka record."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def internal_topics(processor: Processor[Any]) -> tuple[Topic, ...]:
    """Topics that the processor both writes and reads: its partitions exchange messages on them, which a rebuild makes
    anew. A processor with one source takes its own messages from there, in the order in which they were among all."""
    if len(processor.sources) == 1:
        return ()
    return tuple(topic for topic in processor.sources if topic in processor.writes)


class Rebuild:
    """Builds a processor's state from source records. :param folder: of the states, one store a partition.
    :param woken: the time (microseconds), by partition, up to which workers have done timers."""

    def __init__(
        self,
        processor: Processor[Any],
        codec: Codec,
        partitions: int,
        folder: Path,
        history: ReferenceHistory,
        woken: Mapping[int, int],
    ) -> None:
        self._woken = woken if processor.wakes is not None else {}
        self._history = history
        self._internal = internal_topics(processor)
        self._waiting: deque[tuple[Topic, int, InternalRecord]] = deque()
        self.stores = [RocksStore(folder / str(number)) for number in range(partitions)]
        self._tasks = [
            StreamTask(processor, codec, store, number, RejectLimit(NO_LIMIT), self._emit, partitions)
            for number, store in enumerate(self.stores)
        ]

    def take(self, topic: Topic, partition: int, record: Record) -> None:
        """Applies a record, and at once everything that follows from it inside the processor. Timers of before it come
        first.

        :param partition: its number.
        """
        self._wake_until(record.timestamp * 1000)
        reference = self._history.at(record.timestamp)
        self._apply(topic, partition, record, reference)
        self._apply_waiting(reference)

    def save(self) -> None:
        """Does the timers that are left, and writes what is still in memory to the stores."""
        self._wake_until(max(self._woken.values(), default=0))
        for partition in range(len(self._tasks)):
            self._save(partition)

    def close(self) -> None:
        """Closes the stores."""
        for store in self.stores:
            store.close()

    def _wake_until(self, moment: int) -> None:
        """Does what workers have done by then."""
        for number, until in self._woken.items():
            until = min(moment, until)
            task = self._tasks[number]
            while (due := task.next_due) is not None and due <= until:
                reference = self._history.at(due // 1000)
                task.wake(due, reference, WAKE_KEYS)
                self._take_transactional(number)
                self._apply_waiting(reference)

    def _apply_waiting(self, reference: Reference) -> None:
        while self._waiting:
            internal_topic, number, internal = self._waiting.popleft()
            self._apply(internal_topic, number, internal, reference)

    def _apply(self, topic: Topic, partition: int, record: Record, reference: Reference) -> None:
        self._tasks[partition].process(topic.name, (record,), reference)
        self._take_transactional(partition)

    def _take_transactional(self, partition: int) -> None:
        task = self._tasks[partition]
        for effect in task.take_transactional():
            self._emit(effect)
        if len(task.changed) >= DIRTY_ROWS:
            self._save(partition)

    def _emit(self, effect: EncodedEffect) -> None:
        """Keeps an event of an internal topic for its partition. All others were published by a worker."""
        topic = BY_NAME[effect.topic]
        if topic in self._internal:
            record = InternalRecord(0, effect.event.occurred_at // 1000, *effect.row)
            self._waiting.append((topic, effect.partition, record))

    def _save(self, partition: int) -> None:
        task, store = self._tasks[partition], self.stores[partition]
        rows, timers = task.take_changed_rows(), task.take_changed_timers()
        store.write(rows.items(), store.position + 1, timers)
        task.after_commit()
