"""The in-memory twin of Kafka for one partition, and the process whose steps may end at any of them.

`Broker` survives: source topics, effects, a changelog with transactions and epochs, committed offsets. `Fate` says
where a life ends; producer and store meet it at every step that touches the outside.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from processors.shell.store import MemoryStore


class Crash(Exception):
    """The process is gone."""


class Fenced(Exception):
    """The broker refuses: the partition has a newer owner."""


@dataclass(frozen=True)
class Rec:
    """A record of a source topic."""

    offset: int
    key: bytes
    value: bytes
    timestamp: int = 1_772_445_600_000


@dataclass
class Broker:
    """What survives. ``published`` has every effect in the order in which it was acknowledged, as topic, key and
    value."""

    sources: dict[str, list[Rec]]
    published: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    rows: list[tuple[bytes, bytes]] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)
    epoch: int = 0
    fenced: bool = True

    def append(self, topic: str, key: bytes, value: bytes) -> None:
        self.published.append((topic, key, value))
        if topic in self.sources:
            self.sources[topic].append(Rec(len(self.sources[topic]), key, value))

    def is_done(self) -> bool:
        return all(self.offsets.get(topic, 0) == len(log) for topic, log in self.sources.items())


class Fate:
    """Where this life ends: after so many steps that touch the outside a step fails, and unless the process is dead
    from there on, whatever runs beside it goes on as long as it is let; or it stops, and later wakes as a zombie."""

    def __init__(self, steps: int, zombie: bool, dead: bool) -> None:
        self.steps, self.zombie, self.dead = steps, zombie, dead
        self.stopped, self.woken = asyncio.Event(), asyncio.Event()

    def touch(self) -> None:
        """A step that cannot wait."""
        self.steps -= 1
        if not self.zombie and (self.steps == 0 or (self.steps < 0 and self.dead)):
            raise Crash

    async def meet(self) -> None:
        """A step that can."""
        self.touch()
        if self.steps <= 0 and self.zombie:
            self.stopped.set()
            await self.woken.wait()


@dataclass
class Delivery:
    """What `send` gives: done when awaited, or earlier, or, when the process dies, perhaps never."""

    producer: "Producer"
    number: int
    offset: int = 0

    def __await__(self) -> Any:
        yield from self.producer.fate.meet().__await__()
        self.producer.deliver(self.number)
        return self


class Producer:
    """aiokafka's producer as far as the shell uses it; with an epoch it is transactional."""

    def __init__(self, broker: Broker, fate: Fate, epoch: int = 0) -> None:
        self.broker, self.fate, self.epoch = broker, fate, epoch
        self.sent: list[tuple[str, bytes, bytes]] = []
        self.delivered = 0
        self._rows: list[tuple[bytes, bytes]] = []
        self._offsets: dict[str, int] = {}

    async def send(self, topic: str, value: bytes, key: bytes, partition: int, headers: Any, **_: Any) -> Delivery:
        await self.fate.meet()
        if self.epoch:
            self._rows.append((key, value))
            return Delivery(self, 0, offset=len(self.broker.rows) + len(self._rows) - 1)
        self.sent.append((topic, key, value))
        return Delivery(self, len(self.sent))

    def deliver(self, count: int) -> None:
        """Everything sent up to here is in the log."""
        for row in self.sent[self.delivered : count]:
            self.broker.append(*row)
        self.delivered = max(self.delivered, count)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        self._rows, self._offsets = [], {}
        yield
        await self.fate.meet()
        if self.broker.fenced and self.epoch != self.broker.epoch:
            raise Fenced
        self.broker.rows += self._rows
        self.broker.offsets |= self._offsets
        await self.fate.meet()

    async def send_offsets_to_transaction(self, offsets: Any, group: str) -> None:
        self._offsets = {tp.topic: to.offset for tp, to in offsets.items()}

    async def stop(self) -> None:
        pass


class FragileStore(MemoryStore):
    """A disk under a process that may die before or after a write, but not in the middle of one."""

    fate: Fate

    def rows(self) -> dict[bytes, bytes]:
        return dict(self._rows)

    def write(self, rows: Any, position: int) -> None:
        self.fate.touch()
        super().write(rows, position)
        self.fate.touch()
