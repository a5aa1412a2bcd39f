"""Kafka records as values: what the publisher produces and the spool stores."""

import time
from collections.abc import Sequence

import msgspec

from schemas.codec.avro import Codec
from schemas.events import Event


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One encoded event and its topic; ``key`` is the text key, ``timestamp_ms`` the time of receipt."""

    topic: str
    key: str
    value: bytes
    headers: list[tuple[str, bytes]]
    timestamp_ms: int


def not_ahead(records: Sequence[Record]) -> list[Record]:
    """The records, none of them stamped later than now. Kafka refuses records of a clock that is ahead, and spooled
    ones would block those behind them until real time has caught up."""
    now = time.time_ns() // 1_000_000
    return [
        record if record.timestamp_ms <= now else msgspec.structs.replace(record, timestamp_ms=now)
        for record in records
    ]


def build_record(codec: Codec, event: Event) -> Record:
    topic, key, value, headers = codec.record(event)
    return Record(topic.name, key.decode(), value, headers, time.time_ns() // 1_000_000)
