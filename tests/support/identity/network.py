"""Identity on several partitions without Kafka: logs, transactions and crashes as the shell has them.

Every partition reads two logs, touchpoints and signals, each in its order and interleaved at random. State,
transactional effects and offsets are committed together; a crash takes a partition back to its last commit, and other
effects that it had published stay published. What a key emits after it took a signal, or emitted something
transactional, is held back until that is committed: a person id that a crash could undo must not be published.
"""

import random
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from processors.identity.core import PROCESSOR
from processors.identity.signals import EdgeSeen
from processors.identity.state import Node
from processors.reference import Reference
from processors.step import PURGE, Drop, Emit
from schemas.events import (
    ConsentStated,
    Event,
    IdentityChanged,
    IdentitySignalled,
    PrivacyRequested,
    PrivacyResolved,
    ProfileErased,
    TouchpointIdentified,
    TouchpointRecorded,
)
from schemas.reasons import DropReason
from schemas.topics import BY_EVENT

WINDOW = 32
TOUCHPOINTS, SIGNALS = 0, 1
EDGE_SEEN = EdgeSeen.__struct_config__.tag


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What is stored for a key: the node and the ids of its last events."""

    node: Node
    seen: tuple[str, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Row).decode


@dataclass
class Partition:
    """``offsets`` and ``rows`` are the working state, the ``committed`` ones what a crash goes back to. ``held_back``
    are keys whose effects wait for the commit, ``pending`` those effects."""

    logs: tuple[list[Any], list[Any]] = field(default_factory=lambda: ([], []))
    offsets: list[int] = field(default_factory=lambda: [0, 0])
    committed_offsets: list[int] = field(default_factory=lambda: [0, 0])
    rows: dict[str, Row] = field(default_factory=dict)
    committed_rows: dict[str, bytes] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)
    held_back: set[str] = field(default_factory=set)
    pending: list[Event] = field(default_factory=list)

    def backlog(self) -> int:
        """Records not read yet, and those not written yet."""
        return sum(len(log) - at for log, at in zip(self.logs, self.offsets, strict=True)) + len(self.pending)

    def readable(self) -> list[int]:
        """Logs with something to read."""
        return [source for source in (TOUCHPOINTS, SIGNALS) if self.offsets[source] < len(self.logs[source])]


class Network:
    """:param crashes: probability of a crash at each step. :param commits: probability of a commit."""

    def __init__(
        self,
        reference: Reference,
        chance: random.Random,
        partitions: int = 1,
        crashes: float = 0.0,
        commits: float = 0.1,
    ) -> None:
        self.reference, self.chance, self.crashes, self.commits = reference, chance, crashes, commits
        self.partitions = [Partition() for _ in range(partitions)]
        self.changes: list[IdentityChanged] = []
        self.touchpoints: list[TouchpointIdentified] = []
        self.resolved: list[PrivacyResolved] = []
        self.erased: list[ProfileErased] = []
        self.signals: Counter[str] = Counter()
        self.steps = 0
        self._contents: dict[str, bytes] = {}

    def run(
        self,
        events: Sequence[TouchpointRecorded | PrivacyRequested],
        backlog: int = 1_000_000,
        steps: int = 1_000_000_000,
    ) -> None:
        """Processes the events in their order within each partition, until nothing is left to read or to commit.

        :param backlog: how many records may wait before the next event is added; all at once by default.
        :param steps: after how many commits, crashes and records it ends in any case.
        """
        coming = list(reversed(events))
        for _ in range(steps):
            while coming and sum(partition.backlog() for partition in self.partitions) < backlog:
                event = coming.pop()
                self._partition_of(event).logs[TOUCHPOINTS].append(event)
            busy = [p for p in self.partitions if p.readable() or p.dirty or p.pending]
            if not busy:
                return
            partition = self.chance.choice(busy)
            if self.chance.random() < self.crashes:
                self._crash(partition)
            elif (sources := partition.readable()) and self.chance.random() >= self.commits:
                self._take(partition, self.chance.choice(sources))
            else:
                self._commit(partition)

    def signal(self, event: IdentitySignalled) -> None:
        """Adds a signal that no node sent."""
        self._publish(event)

    def nodes(self) -> dict[str, Node]:
        """Every node by its identifier."""
        return {key: row.node for partition in self.partitions for key, row in partition.rows.items()}

    def _partition_of(self, event: Event) -> Partition:
        key = BY_EVENT[type(event)].key(event)
        return self.partitions[zlib.crc32(key.encode()) % len(self.partitions)]

    def _take(self, partition: Partition, source: int) -> None:
        event = partition.logs[source][partition.offsets[source]]
        partition.offsets[source] += 1
        self.steps += 1
        key = BY_EVENT[type(event)].key(event)
        row = partition.rows.get(key)
        if row is not None and event.dedup_id in row.seen:
            return
        step = PROCESSOR.step(row and row.node, event, self.reference)
        if step.state is not None:  # a receipt without a person, a request about somebody unknown
            partition.rows[key] = Row(step.state, (*(row.seen if row else ()), event.dedup_id)[-WINDOW:])
            partition.dirty.add(key)
        held_back = key in partition.held_back
        for effect in step.effects:
            if not isinstance(effect, Emit):
                assert effect in (Drop(DropReason.ERASED), PURGE), effect
                continue
            if effect.transactional or held_back:
                partition.pending.append(effect.event)
                partition.held_back.add(key)
            else:
                self._publish(effect.event)
        if source == SIGNALS:
            partition.held_back.add(key)

    def _commit(self, partition: Partition) -> None:
        partition.committed_rows |= {key: _encode(partition.rows[key]) for key in partition.dirty}
        partition.committed_offsets = list(partition.offsets)
        pending, partition.pending = partition.pending, []
        partition.dirty.clear()
        partition.held_back.clear()
        for event in pending:
            self._publish(event)

    def _crash(self, partition: Partition) -> None:
        for key in partition.dirty:
            partition.rows.pop(key, None)
            if (committed := partition.committed_rows.get(key)) is not None:
                partition.rows[key] = _decode(committed)
        partition.offsets = list(partition.committed_offsets)
        partition.pending.clear()
        partition.dirty.clear()
        partition.held_back.clear()

    def _publish(self, event: Event) -> None:
        match event:
            case IdentitySignalled():
                self.signals[event.kind] += 1
                self._partition_of(event).logs[SIGNALS].append(event)
            case IdentityChanged():
                self.changes.append(event)
            case PrivacyResolved():
                self.resolved.append(event)
            case ProfileErased():
                self.erased.append(event)
            case TouchpointIdentified():
                self.touchpoints.append(event)
                return
        if isinstance(event, IdentityChanged) and event.other_identifier and not event.version:
            return  # A flagged end refuses an edge with the same event id each time, whichever touchpoint it came with.
        if isinstance(event, ConsentStated):
            return  # A statement that comes again much later is published under the newer person.
        if isinstance(event, IdentitySignalled) and event.kind == EDGE_SEEN:
            return  # A touchpoint that comes again much later sends the same signal with a newer root and person id.
        content = msgspec.msgpack.encode(event)
        assert self._contents.setdefault(event.event_id, content) == content, f"one id for two contents {event}"
