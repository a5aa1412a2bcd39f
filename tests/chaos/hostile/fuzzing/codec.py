"""Decoding: any bytes are either refused with a reason or decoded to what fastavro reads in them."""

from collections.abc import Callable
from typing import Any

from schemas.codec.avro import HEADER_BYTES, Undecodable
from schemas.topics import TOPICS
from tests.chaos.hostile.fuzzing.examples import example
from tests.chaos.hostile.fuzzing.oracle import (
    CODEC,
    Refused,
    fastavro_reads,
    fastavro_writes,
    input_of,
    topic_of,
    value_of,
)


def seeds() -> list[bytes]:
    """A small and a large event of every topic."""
    return [input_of(topic, CODEC.of(topic).encode(example(topic, size))) for topic in TOPICS for size in (0, 3)]


def check(data: bytes) -> None:
    topic = topic_of(data)
    codec = CODEC.of(topic)
    value = value_of(data)
    try:
        schema, start = codec.split(value)
    except Undecodable:
        schema, start = None, HEADER_BYTES
    try:
        event = codec.decode(value)
    except Undecodable as refused:
        assert refused.reason in ("undecodable", "unknown_schema") and refused.detail
        event = None
    try:
        expected = None if schema is None else fastavro_reads(topic, schema, value[start:])
    except Refused:
        expected = None
    # As text, because NaN does not equal itself.
    assert repr(event) == repr(expected), f"{topic.noun}: we read {event!r}, fastavro {expected!r}"
    if event is not None:
        encoded = _written(codec.encode, event)
        reference = _written(lambda event: fastavro_writes(topic, event), event)
        assert encoded == reference, f"{topic.noun}: we write {encoded!r}, fastavro {reference!r}"


def _written(write: Callable[[Any], bytes], event: Any) -> bytes | None:
    """None: the event's numbers do not fit the schema, which a lenient reader does not notice."""
    try:
        return write(event)
    except (OverflowError, ValueError):
        return None
