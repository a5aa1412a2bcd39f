"""Kafka records to bodies that may be stored, and rejects for those that may not.

There are two ways. :meth:`RecordRouter.add` looks only at the header of a value and leaves the validation of the body
to ClickHouse; :meth:`RecordRouter.check` validates everything here, and is for records that ClickHouse has refused.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from schemas.codec.avro import HEADER_BYTES, Schema, TopicCodec, Undecodable
from schemas.events import EventRejected
from schemas.reasons import RejectReason
from schemas.rejects import reject_record
from schemas.topics import Topic
from sinks.clickhouse.columns import Body, Columns
from sinks.clickhouse.guarded import FetchedBatch, GuardedInsert

STAGE = "sink"


class RawRecord(Protocol):
    """A record of a partition that is known from elsewhere; ``timestamp`` in milliseconds."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...


class Record(RawRecord, Protocol):
    """A record with its topic and partition."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...


class SourceRecord(NamedTuple):
    """A record with its position in the source topic; ``timestamp`` in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None


@dataclass
class CheckedRecords:
    """The result of a check: valid bodies by the schema that wrote them, and rejects."""

    blocks: list[tuple[Columns, list[Body]]] = field(default_factory=list)
    rejects: list[EventRejected] = field(default_factory=list)


@dataclass
class UncheckedRecords:
    """Records of one topic before any body was validated: batches by the insert for their schema, and records without a
    known schema."""

    batches: dict[GuardedInsert, list[FetchedBatch]] = field(default_factory=dict)
    unknown: list[SourceRecord] = field(default_factory=list)


class RecordRouter:
    """Sorts the records of one topic, for its table or for ``table`` of the same columns.

    :param incarnation: of the topic, see `topic_incarnation`.
    """

    def __init__(self, topic: Topic, codec: TopicCodec, table: str = "", incarnation: int = 0) -> None:
        self._codec = codec
        self._topic = topic
        self._table = table
        self._incarnation = incarnation
        self._columns: dict[bytes, Columns] = {}
        self._inserts: dict[tuple[bytes, int], GuardedInsert] = {}
        self._by_header: dict[bytes, GuardedInsert] = {}

    def add(self, partition: int, records: Sequence[RawRecord], into: UncheckedRecords) -> int:
        """Adds records of a partition to ``into`` and returns the number of bytes of their values."""
        headers = {record.value[:HEADER_BYTES] if record.value else b"" for record in records}
        guarded = self._by_header.get(headers.pop()) if len(headers) == 1 else None
        by_insert = {guarded: records} if guarded else self._by_insert(partition, records, into.unknown)
        size = 0
        for guarded, own in by_insert.items():
            values = [record.value or b"" for record in own]
            offsets, times = [record.offset for record in own], [record.timestamp for record in own]
            batch = FetchedBatch(partition, array("q", offsets), array("q", times), values)
            into.batches.setdefault(guarded, []).append(batch)
            size += sum(map(len, values))
        return size

    def _by_insert(
        self, partition: int, records: Sequence[RawRecord], unknown: list[SourceRecord]
    ) -> Mapping[GuardedInsert, Sequence[RawRecord]]:
        """The records by the insert for their schema; those without a known schema are added to ``unknown``."""
        groups: dict[GuardedInsert, list[RawRecord]] = {}
        for record in records:
            try:
                schema, start = self._codec.split(record.value)
            except Undecodable:
                source = SourceRecord(self._topic.name, partition, record.offset, record.timestamp, record.value)
                unknown.append(source)
                continue
            guarded = self._inserts.get((schema.fingerprint, start))
            if guarded is None:
                guarded = self._inserts[schema.fingerprint, start] = GuardedInsert(self._columns_of(schema), start)
            if start == HEADER_BYTES and record.value:
                self._by_header[record.value[:HEADER_BYTES]] = guarded
            groups.setdefault(guarded, []).append(record)
        return groups

    def records_of(self, batches: Iterable[FetchedBatch]) -> list[SourceRecord]:
        """The single records of batches."""
        return [
            SourceRecord(self._topic.name, batch.partition, offset, timestamp, value)
            for batch in batches
            for offset, timestamp, value in zip(batch.offsets, batch.timestamps, batch.values, strict=True)
        ]

    def check(self, records: Iterable[Record]) -> CheckedRecords:
        """Validates every body; raises nothing for bad data, which becomes rejects."""
        checked = CheckedRecords()
        by_schema: dict[bytes, tuple[Columns, list[Body], list[Record]]] = {}
        for record in records:
            try:
                schema, start = self._codec.split(record.value)
            except Undecodable as problem:
                checked.rejects.append(reject(record, problem))
                continue
            assert record.value is not None
            group = by_schema.get(schema.fingerprint)
            if group is None:
                group = by_schema[schema.fingerprint] = (self._columns_of(schema), [], [])
            group[1].append((record.partition, record.offset, record.value[start:]))
            group[2].append(record)
        for columns, bodies, sources in by_schema.values():
            invalid = [sources[position] for position in columns.invalid(bodies)]
            if invalid:
                offsets = {(record.partition, record.offset) for record in invalid}
                bodies = [body for body in bodies if body[:2] not in offsets]
            if bodies:
                checked.blocks.append((columns, bodies))
            self._encode_again(invalid, checked)
        return checked

    def _encode_again(self, records: list[Record], checked: CheckedRecords) -> None:
        """A rare but valid encoding (an array in several blocks, a very long one) is decoded and encoded, other bodies
        are rejected."""
        bodies: list[Body] = []
        current = self._columns_of(self._codec.schema)
        for record in records:
            try:
                value = self._codec.encode(self._codec.decode(record.value))
                body = (record.partition, record.offset, value[self._codec.split(value)[1] :])
            except Exception as problem:  # whatever it is, it is this record's
                checked.rejects.append(reject(record, problem))
            else:
                bodies.append(body)
        if bodies:
            checked.blocks.append((current, bodies))

    def _columns_of(self, schema: Schema) -> Columns:
        columns = self._columns.get(schema.fingerprint)
        if columns is None:
            columns = self._columns[schema.fingerprint] = Columns(self._topic, schema, self._table, self._incarnation)
        return columns


def reject(record: Record, problem: Exception) -> EventRejected:
    """The reject of a record that cannot be read."""
    if isinstance(problem, Undecodable):
        return _rejected(record, problem.reason, problem.detail)
    return _rejected(record, RejectReason.UNDECODABLE, f"broken body: {type(problem).__name__}")


def refusal(record: Record, error: str) -> EventRejected:
    """The reject of a record whose row the store refuses. :param error: has no value of the row."""
    return _rejected(record, RejectReason.UNSTORABLE, f"the row is refused: {error}")


def _rejected(record: Record, reason: RejectReason, detail: str) -> EventRejected:
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
