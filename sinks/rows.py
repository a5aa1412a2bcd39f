"""Kafka records to bodies that may be stored, and rejects for those that may not."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from schemas.codec import Schema, TopicCodec, Undecodable
from schemas.events import EventRejected
from schemas.reasons import UNDECODABLE
from schemas.rejects import reject_record
from schemas.topics import Topic
from sinks.columns import Body, Columns

STAGE = "sink"


class Record(Protocol):
    """What is needed of a Kafka record; ``timestamp`` in milliseconds."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...


@dataclass
class Rows:
    """What becomes of a batch: bodies by the schema that wrote them, and rejects."""

    blocks: list[tuple[Columns, list[Body]]] = field(default_factory=list)
    rejects: list[EventRejected] = field(default_factory=list)


class Sorter:
    """Sorts the records of one topic."""

    def __init__(self, topic: Topic, codec: TopicCodec) -> None:
        self._codec = codec
        self._topic = topic
        self._columns: dict[bytes, Columns] = {}

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
            columns = self._columns[schema.fingerprint] = Columns(self._topic, schema)
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
