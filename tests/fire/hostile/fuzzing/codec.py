"""Decoding: any bytes are refused with a reason, or are what fastavro reads in them; nothing between."""

from collections.abc import Callable
from typing import Any

from schemas.codec import HEADER_BYTES, Undecodable
from schemas.topics import TOPICS
from tests.fire.hostile.fuzzing.examples import example
from tests.fire.hostile.fuzzing.oracle import (
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


def one(data: bytes) -> None:
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
        meant = None if schema is None else fastavro_reads(topic, schema, value[start:])
    except Refused:
        meant = None
    # As text: what is no number equals nothing, itself included.
    assert repr(event) == repr(meant), f"{topic.noun}: we read {event!r}, fastavro {meant!r}"
    if event is not None:
        again = _written(codec.encode, event)
        expected = _written(lambda event: fastavro_writes(topic, event), event)
        assert again == expected, f"{topic.noun}: we write {again!r}, fastavro {expected!r}"


def _written(write: Callable[[Any], bytes], event: Any) -> bytes | None:
    """None: the event's numbers do not fit the schema, which only a lenient reader lets through."""
    try:
        return write(event)
    except (OverflowError, ValueError):
        return None
