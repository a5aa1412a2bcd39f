"""Kafka records as values: what the publisher sends and the spool keeps."""

import time

import msgspec

from schemas.codec import Codec
from schemas.events import Event


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One encoded event and where it goes; ``key`` is the text key, ``timestamp_ms`` when the gateway took it."""

    topic: str
    key: str
    value: bytes
    headers: list[tuple[str, bytes]]
    timestamp_ms: int


def build_record(codec: Codec, event: Event) -> Record:
    topic, key, value, headers = codec.record(event)
    return Record(topic.name, key.decode(), value, headers, time.time_ns() // 1_000_000)
