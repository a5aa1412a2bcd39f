"""A processor on all partitions in this process: the real desk and core, what it tells itself included."""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processors.shell.desk import Desk, Record
from processors.shell.store import RocksStore
from processors.step import Processor
from processors.world import World
from schemas.brand.items import BrandFold
from schemas.codec import Codec
from schemas.events import BrandConfigured, Event
from schemas.ids import partition_of
from schemas.topics import BY_EVENT, Topic

NO_LIMIT = 1 << 60
"""Of rejects in a row: they were told when they were first met."""
DIRTY_ROWS = 20_000
"""Changed rows that a partition keeps in memory before they go to disk."""


@dataclass(slots=True)
class Looped:
    """What the processor told itself, on its way back."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def own_topics(processor: Processor[Any]) -> tuple[Topic, ...]:
    """Topics by which the processor's partitions tell each other something."""
    return tuple(topic for topic in processor.sources if processor.name in topic.written_by)


class Worlds:
    """The brand at every moment that its topic still tells; stock decides answers, never state."""

    def __init__(self, items: Sequence[tuple[int, BrandConfigured]]) -> None:
        fold = BrandFold()
        self._since: list[int] = []
        self._worlds: list[World] = []
        for at, event in items:
            if fold.apply(event) and fold.brand is not None:
                self._since.append(at)
                self._worlds.append(World(fold.brand))

    def __bool__(self) -> bool:
        return bool(self._worlds)

    def at(self, moment_ms: int) -> World:
        """The brand of that moment; before the first one that first one, which a worker would have waited for."""
        return self._worlds[max(0, bisect_right(self._since, moment_ms) - 1)]


class Rebuilding:
    """:param folder: where states rest, one store a partition."""

    def __init__(self, processor: Processor[Any], codec: Codec, partitions: int, folder: Path, worlds: Worlds) -> None:
        self._codec = codec
        self._worlds = worlds
        self._own = own_topics(processor)
        self._looped: deque[tuple[Topic, int, Looped]] = deque()
        self.stores = [RocksStore(folder / str(number)) for number in range(partitions)]
        self._desks = [
            Desk(processor, codec, store, number, NO_LIMIT, self._emitted) for number, store in enumerate(self.stores)
        ]

    def take(self, topic: Topic, partition: int, record: Record) -> None:
        """A record's turn, and the turns of all that follows from it inside the processor."""
        world = self._worlds.at(record.timestamp)
        self._turn(topic, partition, record, world)
        while self._looped:
            looped_topic, number, looped = self._looped.popleft()
            self._turn(looped_topic, number, looped, world)

    def _turn(self, topic: Topic, partition: int, record: Record, world: World) -> None:
        desk = self._desks[partition]
        desk.take(topic.name, (record,), world)
        for effect in desk.take_sealed():
            self._emitted(effect.event, effect.partition)
        if len(desk.dirty) >= DIRTY_ROWS:
            self._save(partition)

    def _emitted(self, event: Event, partition: int | None) -> None:
        topic = BY_EVENT[type(event)]
        if topic in self._own:
            _, key, value, headers = self._codec.record(event)
            number = partition_of(key.decode(), len(self._desks)) if partition is None else partition
            self._looped.append((topic, number, Looped(0, event.occurred_at // 1000, key, value, headers)))

    def _save(self, partition: int) -> None:
        desk, store = self._desks[partition], self.stores[partition]
        store.write(desk.take_dirty().items(), store.position + 1)
        desk.committed()

    def save(self) -> None:
        """Everything is in the stores now."""
        for partition in range(len(self._desks)):
            self._save(partition)

    def close(self) -> None:
        for store in self.stores:
            store.close()
