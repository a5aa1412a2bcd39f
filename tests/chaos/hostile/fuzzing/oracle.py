"""What the bytes of a topic mean to two independent Avro libraries: fastavro and Apache's own."""

import io
import json
from functools import cache
from typing import Any

import avro.errors
import avro.io
import avro.schema
import fastavro
import msgspec

from schemas.codec.avro import HEADER_BYTES, Codec, Schema, revisions, without_logical_types
from schemas.topics import TOPICS, Topic

CODEC = Codec(protect=bytes)
FASTAVRO_REFUSES = (EOFError, IndexError, ValueError, TypeError, MemoryError, OverflowError)
APACHE_REFUSES = (*FASTAVRO_REFUSES, avro.errors.AvroException, AssertionError, ArithmeticError)


class Refused(Exception):
    """The library cannot read a record from the bytes, or leaves some of them over."""


def topic_of(data: bytes) -> Topic:
    """The topic of an input, chosen by its first byte."""
    return TOPICS[data[0] % len(TOPICS)] if data else TOPICS[0]


def value_of(data: bytes) -> bytes:
    """The value of an input: a body in the newest revision's frame or, for one topic byte in eight, its bare bytes."""
    return data[1:] if data[:1] >= b"\xe0" else CODEC.of(topic_of(data))._frame + data[1:]


def input_of(topic: Topic, value: bytes) -> bytes:
    """The input that stands for a framed value."""
    return bytes([TOPICS.index(topic)]) + value[HEADER_BYTES:]


def fastavro_reads(topic: Topic, schema: Schema, body: bytes) -> Any:
    """The event as fastavro reads it. :raises Refused: as above."""
    stream = io.BytesIO(body)
    newest = revisions_of(topic)[-1]
    try:
        record = fastavro.schemaless_reader(stream, schema.parsed, newest.parsed)
    except FASTAVRO_REFUSES as error:
        raise Refused(str(error)) from error
    if stream.tell() != len(body):
        raise Refused("bytes are left")
    return msgspec.convert(record, topic.event)


def apache_reads(topic: Topic, body: bytes) -> Any:
    """The event as Apache's own library reads it, without logical types. :raises Refused: as above."""
    stream = io.BytesIO(body)
    try:
        record = avro.io.DatumReader(apache_schema(topic)).read(avro.io.BinaryDecoder(stream))
    except APACHE_REFUSES as error:
        raise Refused(str(error)) from error
    if stream.tell() != len(body):
        raise Refused("bytes are left")
    return msgspec.convert(record, topic.event)


def fastavro_writes(topic: Topic, event: Any) -> bytes:
    """The framed value as fastavro writes it; it raises for values that do not fit the schema."""
    out = io.BytesIO()
    plain = msgspec.to_builtins(event, builtin_types=(bytes,))
    fastavro.schemaless_writer(out, revisions_of(topic)[-1].parsed, plain)
    return CODEC.of(topic)._frame + out.getvalue()


@cache
def revisions_of(topic: Topic) -> list[Schema]:
    return revisions(topic)


@cache
def apache_schema(topic: Topic) -> Any:
    return avro.schema.parse(json.dumps(without_logical_types(revisions_of(topic)[-1].document)))
