"""Kafka records to bodies that may be stored, and rejects for those that may not.

There are two ways. :meth:`Sorter.gather` looks at the first bytes of a value alone and leaves the body to ClickHouse;
:meth:`Sorter.sort` looks at everything, and is for those that ClickHouse has refused.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from schemas.codec import HEADER_BYTES, Schema, TopicCodec, Undecodable
from schemas.events import EventRejected
from schemas.reasons import UNDECODABLE
from schemas.rejects import reject_record
from schemas.topics import Topic
from sinks.columns import Body, Columns
from sinks.sealed import Run, Sealed

STAGE = "sink"


class Fetched(Protocol):
    """A record of a partition that is known; ``timestamp`` in milliseconds."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...


class Record(Fetched, Protocol):
    """A record that says where it is from."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...


class Placed(NamedTuple):
    """A fetched record and where it is from."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None


@dataclass
class Rows:
    """What becomes of a batch: bodies by the schema that wrote them, and rejects."""

    blocks: list[tuple[Columns, list[Body]]] = field(default_factory=list)
    rejects: list[EventRejected] = field(default_factory=list)


@dataclass
class Unchecked:
    """What a batch has of a topic: runs by how they become rows, and records whose schema is not known."""

    runs: dict[Sealed, list[Run]] = field(default_factory=dict)
    others: list[Placed] = field(default_factory=list)


class Sorter:
    """Sorts the records of one topic, for its table or another of that form."""

    def __init__(self, topic: Topic, codec: TopicCodec, table: str = "") -> None:
        self._codec = codec
        self._topic = topic
        self._table = table
        self._columns: dict[bytes, Columns] = {}
        self._sealed: dict[tuple[bytes, int], Sealed] = {}
        self._by_head: dict[bytes, Sealed] = {}

    def gather(self, partition: int, records: Sequence[Fetched], into: Unchecked) -> int:
        """Adds records of a partition and returns how many bytes their values have."""
        heads = {record.value[:HEADER_BYTES] if record.value else b"" for record in records}
        sealed = self._by_head.get(heads.pop()) if len(heads) == 1 else None
        by_sealed = {sealed: records} if sealed else self._part(partition, records, into.others)
        size = 0
        for sealed, own in by_sealed.items():
            values = [record.value or b"" for record in own]
            offsets, times = [record.offset for record in own], [record.timestamp for record in own]
            into.runs.setdefault(sealed, []).append(Run(partition, array("q", offsets), array("q", times), values))
            size += sum(map(len, values))
        return size

    def _part(
        self, partition: int, records: Sequence[Fetched], others: list[Placed]
    ) -> Mapping[Sealed, Sequence[Fetched]]:
        """The records by how they become rows; those whose schema is not known are added to ``others``."""
        parts: dict[Sealed, list[Fetched]] = {}
        for record in records:
            try:
                schema, start = self._codec.split(record.value)
            except Undecodable:
                others.append(Placed(self._topic.name, partition, record.offset, record.timestamp, record.value))
                continue
            sealed = self._sealed.get((schema.fingerprint, start))
            if sealed is None:
                sealed = self._sealed[schema.fingerprint, start] = Sealed(self._columns_of(schema), start)
            if start == HEADER_BYTES and record.value:
                self._by_head[record.value[:HEADER_BYTES]] = sealed
            parts.setdefault(sealed, []).append(record)
        return parts

    def placed(self, runs: Iterable[Run]) -> list[Placed]:
        """The records of runs one by one."""
        return [
            Placed(self._topic.name, run.partition, offset, timestamp, value)
            for run in runs
            for offset, timestamp, value in zip(run.offsets, run.timestamps, run.values, strict=True)
        ]

    def sort(self, records: Iterable[Record]) -> Rows:
        rows = Rows()
        by_schema: dict[bytes, tuple[Columns, list[Body], list[Record]]] = {}
        for record in records:
            try:
                schema, start = self._codec.split(record.value)
            except Undecodable as problem:
                rows.rejects.append(reject(record, problem))
                continue
            assert record.value is not None
            group = by_schema.get(schema.fingerprint)
            if group is None:
                group = by_schema[schema.fingerprint] = (self._columns_of(schema), [], [])
            group[1].append((record.partition, record.offset, record.value[start:]))
            group[2].append(record)
        for columns, bodies, sources in by_schema.values():
            odd = [sources[position] for position in columns.unsound(bodies)]
            if odd:
                offsets = {(record.partition, record.offset) for record in odd}
                bodies = [body for body in bodies if body[:2] not in offsets]
            if bodies:
                rows.blocks.append((columns, bodies))
            self._second_look(odd, rows)
        return rows

    def _second_look(self, odd: list[Record], rows: Rows) -> None:
        """A rare but valid encoding (an array in several blocks, a very long one) is written anew, others rejected."""
        again: list[Body] = []
        current = self._columns_of(self._codec.schema)
        for record in odd:
            try:
                value = self._codec.encode(self._codec.decode(record.value))
                body = (record.partition, record.offset, value[self._codec.split(value)[1] :])
            except (Undecodable, OverflowError, ValueError) as problem:
                rows.rejects.append(reject(record, problem))
            else:
                again.append(body)
        if again:
            rows.blocks.append((current, again))

    def _columns_of(self, schema: Schema) -> Columns:
        columns = self._columns.get(schema.fingerprint)
        if columns is None:
            columns = self._columns[schema.fingerprint] = Columns(self._topic, schema, self._table)
        return columns


def reject(record: Record, problem: Exception) -> EventRejected:
    """The reject of a record."""
    reason, detail = UNDECODABLE, f"broken body: {problem}"
    if isinstance(problem, Undecodable):
        reason, detail = problem.reason, problem.detail
    return reject_record(
        STAGE,
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.value,
        reason=reason,
        detail=detail,
    )
