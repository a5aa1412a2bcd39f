"""The store as tests use it: events are put in without Kafka, queries run, tables emptied."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from schemas.codec.avro import Codec
from schemas.events import Event
from schemas.topics import BY_EVENT, TOPICS, Topic
from sinks.clickhouse.record_router import CheckedRecords, Record, RecordRouter, UncheckedRecords
from tests.support.servers import ClickHouseServer

CODEC = Codec(protect=bytes)
"""Bytes of rejects are stored as they are given."""


@dataclass(frozen=True)
class FakeRecord:
    """A record as a Kafka consumer returns it."""

    topic: str
    value: bytes | None
    offset: int = 0
    partition: int = 0
    timestamp: int = 1_780_000_000_000


@dataclass
class Store:
    part: ClickHouseServer
    offsets: dict[str, int] = field(default_factory=dict)

    @cached_property
    def client(self) -> Client:
        return clickhouse_connect.get_client(dsn=self.part.url, database="footpath", autogenerate_session_id=False)

    def empty(self) -> None:
        derived = ("identity_override", "touch", "touch_class", "attribution_credit", "attribution_run")
        for table in (*(topic.table for topic in TOPICS if "sink" in topic.read_by), *derived):
            self.client.command(f"TRUNCATE TABLE footpath.{table}")

    def put(self, events: Iterable[Event]) -> None:
        """Stores events of one topic as the next records of its partition 0."""
        encoded = [(BY_EVENT[type(event)], CODEC.record(event)[2]) for event in events]
        if encoded:
            topic = encoded[0][0]
            first = self.offsets.get(topic.name, 0)
            self.offsets[topic.name] = first + len(encoded)
            records = [FakeRecord(topic.name, value, first + i) for i, (_, value) in enumerate(encoded)]
            assert self.try_insert(topic, records)

    def try_insert(self, topic: Topic, records: Sequence[Record], **settings: int) -> bool:
        """Whether ClickHouse accepts unchecked records of partition 0; their schemas must be known."""
        unchecked = UncheckedRecords()
        RecordRouter(topic, CODEC.of(topic)).add(0, records, unchecked)
        assert not unchecked.unknown
        for guarded, batches in unchecked.batches.items():
            try:
                self.client.command(guarded.insert, data=guarded.block(batches), settings=settings)
            except DatabaseError:
                return False
        return True

    def insert_checked(self, topic: Topic, records: Sequence[Record]) -> CheckedRecords:
        """Stores records that were validated in Python, and returns the result of the check."""
        checked = RecordRouter(topic, CODEC.of(topic)).check(records)
        for columns, bodies in checked.blocks:
            self.client.command(columns.insert, data=columns.block(bodies))
        return checked

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.client.query(sql).result_rows]

    def one(self, sql: str) -> Any:
        (row,) = self.ask(sql)
        return row[0]
