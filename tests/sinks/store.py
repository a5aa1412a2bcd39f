"""What tests do with the store: put events in without Kafka, ask, empty it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import BY_EVENT, TOPICS, Topic
from sinks.rows import Record, Rows, Sorter, Unchecked
from tests.parts import ClickHousePart

CODEC = Codec()


@dataclass(frozen=True)
class Came:
    """A record as Kafka hands it out."""

    topic: str
    value: bytes | None
    offset: int = 0
    partition: int = 0
    timestamp: int = 1_780_000_000_000


@dataclass
class Store:
    part: ClickHousePart
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
            assert self.offer(topic, [Came(topic.name, value, first + i) for i, (_, value) in enumerate(encoded)])

    def offer(self, topic: Topic, records: Sequence[Record], **settings: int) -> bool:
        """Whether ClickHouse takes records of partition 0 that nobody has looked into; they must name their schema."""
        unchecked = Unchecked()
        Sorter(topic, CODEC.of(topic)).gather(0, records, unchecked)
        assert not unchecked.others
        for sealed, runs in unchecked.runs.items():
            try:
                self.client.command(sealed.insert, data=sealed.block(runs), settings=settings)
            except DatabaseError:
                return False
        return True

    def put_records(self, topic: Topic, records: Sequence[Record]) -> Rows:
        """Stores records that the sink has looked through, and returns how they were sorted."""
        rows = Sorter(topic, CODEC.of(topic)).sort(records)
        for columns, bodies in rows.blocks:
            self.client.command(columns.insert, data=columns.block(bodies))
        return rows

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.client.query(sql).result_rows]

    def one(self, sql: str) -> Any:
        (row,) = self.ask(sql)
        return row[0]
