"""Identity spread over partitions, without Kafka: logs, transactions and crashes as the shell gives them.

Every partition reads two logs, touchpoints and signals, each in its order and between them as chance will. State,
sealed effects and places in the logs are committed together; a crash takes a partition back to its last commit, and
what it published unsealed stays published. What a key emits after it took a signal, or sealed something, is held back
until that is committed: a name that is not yet safe must not get out.
"""

import random
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from processors.identity.core import PROCESSOR
from processors.identity.state import Node
from processors.step import Emit
from processors.world import World
from schemas.events import Event, IdentityChanged, IdentitySignalled, TouchpointIdentified, TouchpointRecorded
from schemas.topics import BY_EVENT

WINDOW = 32
TOUCHPOINTS, SIGNALS = 0, 1


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What is kept for a key: the node and the ids of its last events."""

    node: Node
    seen: tuple[str, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Row).decode


@dataclass
class Partition:
    logs: tuple[list[Any], list[Any]] = field(default_factory=lambda: ([], []))
    at: list[int] = field(default_factory=lambda: [0, 0])
    safe_at: list[int] = field(default_factory=lambda: [0, 0])
    rows: dict[str, Row] = field(default_factory=dict)
    safe_rows: dict[str, bytes] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)
    unsettled: set[str] = field(default_factory=set)
    pending: list[Event] = field(default_factory=list)

    def waiting(self) -> int:
        """Records not yet read, and those not yet written."""
        return sum(len(log) - at for log, at in zip(self.logs, self.at, strict=True)) + len(self.pending)

    def has_work(self) -> list[int]:
        """Logs with something to read."""
        return [source for source in (TOUCHPOINTS, SIGNALS) if self.at[source] < len(self.logs[source])]


class Network:
    """:param crashes: chance of a crash at each step; :param commits: of a commit."""

    def __init__(
        self, world: World, chance: random.Random, partitions: int = 1, crashes: float = 0.0, commits: float = 0.1
    ) -> None:
        self.world, self.chance, self.crashes, self.commits = world, chance, crashes, commits
        self.partitions = [Partition() for _ in range(partitions)]
        self.changes: list[IdentityChanged] = []
        self.touches: list[TouchpointIdentified] = []
        self.signals: Counter[str] = Counter()
        self.steps = 0
        self._contents: dict[str, bytes] = {}

    def plays(self, events: Sequence[TouchpointRecorded], backlog: int = 1_000_000) -> None:
        """Takes the events in their order within each partition, until all is quiet and committed.

        :param backlog: how many records may wait before the next event comes; all events come at once by default.
        """
        coming = list(reversed(events))
        while True:
            while coming and sum(partition.waiting() for partition in self.partitions) < backlog:
                event = coming.pop()
                self._of(event).logs[TOUCHPOINTS].append(event)
            busy = [p for p in self.partitions if p.has_work() or p.dirty or p.pending]
            if not busy:
                return
            partition = self.chance.choice(busy)
            if self.chance.random() < self.crashes:
                self._crash(partition)
            elif (sources := partition.has_work()) and self.chance.random() >= self.commits:
                self._take(partition, self.chance.choice(sources))
            else:
                self._commit(partition)

    def nodes(self) -> dict[str, Node]:
        """Every node by its identifier."""
        return {key: row.node for partition in self.partitions for key, row in partition.rows.items()}

    def _of(self, event: Event) -> Partition:
        key = BY_EVENT[type(event)].key(event)
        return self.partitions[zlib.crc32(key.encode()) % len(self.partitions)]

    def _take(self, partition: Partition, source: int) -> None:
        event = partition.logs[source][partition.at[source]]
        partition.at[source] += 1
        self.steps += 1
        key = BY_EVENT[type(event)].key(event)
        row = partition.rows.get(key)
        if row is not None and event.event_id in row.seen:
            return
        step = PROCESSOR.step(row and row.node, event, self.world)
        assert step.state is not None
        partition.rows[key] = Row(step.state, (*(row.seen if row else ()), event.event_id)[-WINDOW:])
        partition.dirty.add(key)
        unsettled = key in partition.unsettled
        for effect in step.effects:
            assert isinstance(effect, Emit), effect
            if effect.sealed or unsettled:
                partition.pending.append(effect.event)
                partition.unsettled.add(key)
            else:
                self._publish(effect.event)
        if source == SIGNALS:
            partition.unsettled.add(key)

    def _commit(self, partition: Partition) -> None:
        partition.safe_rows |= {key: _encode(partition.rows[key]) for key in partition.dirty}
        partition.safe_at = list(partition.at)
        pending, partition.pending = partition.pending, []
        partition.dirty.clear()
        partition.unsettled.clear()
        for event in pending:
            self._publish(event)

    def _crash(self, partition: Partition) -> None:
        for key in partition.dirty:
            partition.rows.pop(key, None)
            if (safe := partition.safe_rows.get(key)) is not None:
                partition.rows[key] = _decode(safe)
        partition.at = list(partition.safe_at)
        partition.pending.clear()
        partition.dirty.clear()
        partition.unsettled.clear()

    def _publish(self, event: Event) -> None:
        match event:
            case IdentitySignalled():
                self.signals[event.kind] += 1
                self._of(event).logs[SIGNALS].append(event)
            case IdentityChanged():
                self.changes.append(event)
            case TouchpointIdentified():
                self.touches.append(event)
                return
        if isinstance(event, IdentityChanged) and event.other_identifier and not event.version:
            return  # Ends refuse an edge in the same words each time, whichever event it came with.
        if isinstance(event, IdentitySignalled) and event.kind == "seen":
            return  # A touchpoint that comes again long after says the same with fresher hints.
        content = msgspec.msgpack.encode(event)
        assert self._contents.setdefault(event.event_id, content) == content, f"one id for two contents {event}"
