"""A processor on all its partitions in this process: the real stream tasks and core, with what it sends itself."""

from collections import deque
from collections.abc import Sequence
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
    """Topics that the processor both writes and reads: its partitions exchange messages on them."""
    return tuple(topic for topic in processor.sources if topic in processor.writes)


class Rebuild:
    """Builds a processor's state from source records. :param folder: of the states, one store a partition."""

    def __init__(
        self, processor: Processor[Any], codec: Codec, partitions: int, folder: Path, history: ReferenceHistory
    ) -> None:
        self._history = history
        self._internal = internal_topics(processor)
        self._waiting: deque[tuple[Topic, int, InternalRecord]] = deque()
        self.stores = [RocksStore(folder / str(number)) for number in range(partitions)]
        self._tasks = [
            StreamTask(processor, codec, store, number, RejectLimit(NO_LIMIT), self._emit, partitions)
            for number, store in enumerate(self.stores)
        ]

    def take(self, topic: Topic, partition: int, record: Record) -> None:
        """Applies a record, and at once everything that follows from it inside the processor.

        :param partition: its number.
        """
        reference = self._history.at(record.timestamp)
        self._apply(topic, partition, record, reference)
        while self._waiting:
            internal_topic, number, internal = self._waiting.popleft()
            self._apply(internal_topic, number, internal, reference)

    def save(self) -> None:
        """Writes what is still in memory to the stores."""
        for partition in range(len(self._tasks)):
            self._save(partition)

    def close(self) -> None:
        """Closes the stores."""
        for store in self.stores:
            store.close()

    def _apply(self, topic: Topic, partition: int, record: Record, reference: Reference) -> None:
        task = self._tasks[partition]
        task.process(topic.name, (record,), reference)
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
        store.write(task.take_changed_rows().items(), store.position + 1)
        task.after_commit()
