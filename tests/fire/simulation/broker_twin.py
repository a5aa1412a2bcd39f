"""The in-memory twin of Kafka, and the process whose steps may end at any of them.

`Broker` survives: source topics, effects, and for each partition a changelog with transactions, epochs and committed
offsets. What was sealed is in the topics once its transaction ended well; the end of a transaction, and what one left
that failed, are holes there. `Fate` says where a life ends; producer and store meet it at every step that touches the
outside.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from processors.shell.store import MemoryStore
from schemas.topics import BY_NAME

Kind = Literal["dies", "fails", "sleeps", "loses"]


class Crash(Exception):
    """The process is gone."""


class Fenced(Exception):
    """The broker refuses: the partition has a newer owner."""


class Rec(NamedTuple):
    """A record of a source topic."""

    offset: int
    key: bytes
    value: bytes
    timestamp: int = 1_772_445_600_000
    headers: tuple[tuple[str, bytes], ...] = ()


class Effect(NamedTuple):
    """A record as it was published."""

    topic: str
    partition: int
    key: bytes
    value: bytes


@dataclass
class Home:
    """What the broker keeps for one partition of the processor."""

    rows: list[tuple[bytes, bytes]] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)
    epoch: int = 0


@dataclass
class Broker:
    """What survives. ``sources`` has a log for each topic and partition, None where nobody is shown a record,
    ``published`` every effect in the order in which it was acknowledged."""

    sources: dict[str, list[list[Rec | None]]]
    homes: list[Home]
    published: list[Effect] = field(default_factory=list)

    def append(self, effect: Effect) -> None:
        self.published.append(effect)
        if effect.topic in self.sources:
            log = self.sources[effect.topic][effect.partition]
            log.append(Rec(len(log), effect.key, effect.value))

    def leave_holes(self, sealed: Sequence[Effect], failed: bool) -> None:
        """A transaction ended: a marker in every log that it wrote to, and in place of what failed."""
        logs = [(e.topic, e.partition) for e in sealed if e.topic in self.sources]
        for topic, partition in (*(logs if failed else ()), *dict.fromkeys(logs)):
            self.sources[topic][partition].append(None)

    def accepts(self, home: Home, epoch: int) -> bool:
        return epoch == home.epoch

    def is_done(self, partition: int) -> bool:
        """Everything of the partition is committed."""
        offsets = self.homes[partition].offsets
        return all(beyond(logs[partition], offsets.get(topic, 0)) is None for topic, logs in self.sources.items())


def beyond(log: Sequence[Rec | None], offset: int) -> int | None:
    """The offset of the first record from ``offset`` on."""
    return next((at for at in range(offset, len(log)) if log[at] is not None), None)


class Fate:
    """Where this life ends: at one of its steps that touch the outside.

    It ``dies`` (this step and all later ones fail), ``fails`` (this step fails, what runs beside it goes on as long as
    it is let), ``sleeps`` (every step waits until the process is woken, after somebody else took over) or ``loses`` its
    partition to a new owner, and works on.
    """

    def __init__(self, steps: int, kind: Kind) -> None:
        self.steps, self.kind, self.taken = steps, kind, 0
        self.reached, self.woken = False, asyncio.Event()

    def touch(self) -> None:
        """A step that cannot wait."""
        self.taken += 1
        if self.taken < self.steps:
            return
        self.reached = True
        if self.kind == "dies" or (self.kind == "fails" and self.taken == self.steps):
            raise Crash

    async def meet(self) -> None:
        """A step that can; what runs beside it goes on meanwhile."""
        await asyncio.sleep(0)
        self.touch()
        if self.reached and self.kind == "sleeps":
            await self.woken.wait()


class Delivery:
    """What `add` gives for a row: done when awaited, or earlier, or, when the process dies, perhaps never."""

    def __init__(self, producer: "Producer", number: int, offset: int = 0) -> None:
        self._producer, self._number, self.offset = producer, number, offset
        self.rows = (None,)

    def __await__(self) -> Any:
        yield from self._producer.fate.meet().__await__()
        self._producer.deliver(self._number)
        return self


class Producer:
    """aiokafka's producer with its batches, as far as the shell uses them; one with a home is transactional."""

    def __init__(self, broker: Broker, fate: Fate, home: Home | None = None) -> None:
        self.broker, self.fate, self._home = broker, fate, home
        self.sent: list[Effect] = []
        self.delivered = 0
        self._rows: list[tuple[bytes, bytes]] = []
        self._sealed: list[Effect] = []
        self._offsets: dict[str, int] = {}
        if home is not None:
            home.epoch += 1
            self._epoch = home.epoch

    async def add(self, topic: str, partition: int, rows: Sequence[Any]) -> list[Delivery]:
        return [await self._send(topic, value, key, partition) for key, value, _ in rows]

    async def _send(self, topic: str, value: bytes, key: bytes, partition: int) -> Delivery:
        await self.fate.meet()
        if self._home is not None and topic in BY_NAME:
            self._sealed.append(Effect(topic, partition, key, value))
            return Delivery(self, 0)
        if self._home is not None:
            self._rows.append((key, value))
            return Delivery(self, 0, offset=len(self._home.rows) + len(self._rows) - 1)
        self.sent.append(Effect(topic, partition, key, value))
        return Delivery(self, len(self.sent))

    def deliver(self, count: int) -> None:
        """Everything sent up to here is in the log."""
        for effect in self.sent[self.delivered : count]:
            self.broker.append(effect)
        self.delivered = max(self.delivered, count)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        assert self._home is not None
        self._rows, self._sealed, self._offsets = [], [], {}
        try:
            yield
            await self.fate.meet()
            if not self.broker.accepts(self._home, self._epoch):
                raise Fenced
        except BaseException:
            self.broker.leave_holes(self._sealed, failed=True)
            raise
        for effect in self._sealed:
            self.broker.append(effect)
        self.broker.leave_holes(self._sealed, failed=False)
        self._home.rows += self._rows
        self._home.offsets |= self._offsets
        await self.fate.meet()

    async def send_offsets_to_transaction(self, offsets: Any, group: str) -> None:
        self._offsets = {tp.topic: to.offset for tp, to in offsets.items()}

    async def stop(self) -> None:
        pass


class FragileStore(MemoryStore):
    """A disk under a process that may die before or after a write, but not in the middle of one."""

    fate: Fate

    def ahead(self, keys: list[bytes]) -> Future[list[bytes | None]]:
        """As early as it can be: what is written from now on is not in it."""
        rows = Future[list[bytes | None]]()
        rows.set_result([self.get(key) for key in keys])
        return rows

    def write(self, rows: Any, position: int) -> None:
        self.fate.touch()
        super().write(rows, position)
        self.fate.touch()

    async def put(self, rows: Any, position: int) -> None:
        """What runs beside it goes on meanwhile."""
        await self.fate.meet()
        self.write(rows, position)
