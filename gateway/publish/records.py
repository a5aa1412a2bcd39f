"""Kafka records as values: what the publisher produces and the spool stores."""

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


def not_ahead(records: Sequence[Record], now_ms: int) -> list[Record]:
    """The records, none of them stamped later than now. Where a topic does not have the brokers' own time, Kafka
    refuses records of a clock that was ahead."""
    return [
        record if record.timestamp_ms <= now_ms else msgspec.structs.replace(record, timestamp_ms=now_ms)
        for record in records
    ]


def build_record(codec: Codec, event: Event, now_ms: int) -> Record:
    topic, key, value, headers = codec.record(event)
    return Record(topic.name, key.decode(), value, headers, now_ms)
