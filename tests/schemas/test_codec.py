"""Every event survives its topic; every standard reader can read it; no bytes but an event's pass for one."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
import fastavro
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec.avro import (
    AVRO_DIR,
    HEADER_BYTES,
    MARKER,
    Codec,
    TopicCodec,
    Undecodable,
    revisions,
    without_logical_types,
)
from schemas.events import StockReported
from schemas.topics import STOCK_REPORTED, TOPICS, TOUCHPOINT_RECORDED, Topic
from tests.support.example_events import events

CODEC = Codec(protect=bytes)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

each_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.noun)


def stock(quantity: int = 7) -> StockReported:
    return StockReported(
        event_id="e1", store="mitte", sku="KB-1", quantity=quantity, occurred_at=1, received_at=2, source="till"
    )


@each_topic
@given(data=st.data())
@settings(max_examples=50)
def test_an_event_comes_back_as_it_was(topic: Topic, data: st.DataObject) -> None:
    event = data.draw(events(topic))
    named, key, value, headers = CODEC.record(event)
    assert named is topic
    assert key.decode() == topic.key(event)
    assert CODEC.of(topic).decode(value) == event
    assert headers == [
        ("event-id", event.event_id.encode()),
        ("content-type", f"application/avro; schema={revisions(topic)[-1].name}".encode()),
    ]


@each_topic
@given(data=st.data())
@settings(max_examples=50)
def test_apaches_own_reader_reads_it(topic: Topic, data: st.DataObject) -> None:
    event = data.draw(events(topic))
    value = CODEC.of(topic).encode(event)
    schema = avro.schema.parse(json.dumps(revisions(topic)[-1].document))
    body = io.BytesIO(value[HEADER_BYTES:])
    record = avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(body))
    assert not body.read(), "it reads to the end"
    assert {name: plain(of) for name, of in record.items()} == msgspec.to_builtins(event, builtin_types=(bytes,))


@each_topic
def test_the_header_is_avros_single_object_encoding(topic: Topic) -> None:
    # Apache's Python library leaves {"type": "long"} in the canonical form of a time, where the specification asks
    # for "long" ([PRIMITIVES]); so it is given the schema without logical types, which have no part in the form.
    for kept in revisions(topic):
        bare = json.dumps(without_logical_types(kept.document))
        assert kept.fingerprint == avro.schema.parse(bare).fingerprint("CRC-64-AVRO")
    assert CODEC.of(topic)._frame == MARKER + kept.fingerprint


def test_values_of_every_revision_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer of yesterday and one of tomorrow, to a reader that has both revisions."""
    path = AVRO_DIR / f"{STOCK_REPORTED.table}.v1.avsc"
    document = json.loads(path.read_text())
    document["fields"].append({"name": "shelf", "type": "string", "default": ""})
    (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / f"{STOCK_REPORTED.table}.v1.1.avsc").write_text(json.dumps(document))
    monkeypatch.setattr("schemas.codec.avro.AVRO_DIR", tmp_path)
    first, second = revisions(STOCK_REPORTED)
    assert (first.name, second.name) == ("stock_reported.v1", "stock_reported.v1.1")
    new = io.BytesIO()
    fastavro.schemaless_writer(new, second.parsed, {**msgspec.to_builtins(stock()), "shelf": "A"})
    old = CODEC.of(STOCK_REPORTED).encode(stock())
    monkeypatch.setattr("schemas.codec.avro.revisions", lambda topic: [second, first])
    reader = TopicCodec(STOCK_REPORTED)
    assert reader.decode(old) == reader.decode(MARKER + second.fingerprint + new.getvalue()) == stock()
    monkeypatch.undo()
    with pytest.raises(Undecodable) as refused:
        CODEC.of(STOCK_REPORTED).decode(MARKER + second.fingerprint + new.getvalue())
    assert refused.value.reason == "unknown_schema"


@given(cut=st.integers(0, 200))
def test_a_truncated_value_is_none(cut: int) -> None:
    value = CODEC.of(STOCK_REPORTED).encode(stock())
    if cut < len(value):
        with pytest.raises(Undecodable):
            CODEC.of(STOCK_REPORTED).decode(value[:cut])


@given(tail=st.binary(min_size=1, max_size=20))
def test_bytes_after_the_event_are_refused(tail: bytes) -> None:
    with pytest.raises(Undecodable, match="follow the record"):
        CODEC.of(STOCK_REPORTED).decode(CODEC.of(STOCK_REPORTED).encode(stock()) + tail)


@each_topic
@given(body=st.binary(max_size=300), framed=st.booleans())
def test_random_bytes_never_raise_anything_else(topic: Topic, body: bytes, framed: bool) -> None:
    codec = CODEC.of(topic)
    try:
        event = codec.decode(codec._frame + body if framed else body)
    except Undecodable as error:
        assert error.reason in ("undecodable", "unknown_schema")
    else:
        assert framed and isinstance(event, topic.event), "by chance they are an event"


@given(data=st.data(), position=st.integers(HEADER_BYTES, 400), byte=st.integers(0, 255))
def test_one_wrong_byte_never_raises_anything_else(data: st.DataObject, position: int, byte: int) -> None:
    value = bytearray(CODEC.of(TOUCHPOINT_RECORDED).encode(data.draw(events(TOUCHPOINT_RECORDED))))
    value[min(position, len(value) - 1)] = byte
    try:
        CODEC.of(TOUCHPOINT_RECORDED).decode(bytes(value))
    except Undecodable as error:
        assert error.detail


def test_what_is_wrong_is_said() -> None:
    codec = CODEC.of(STOCK_REPORTED)
    other = CODEC.of(TOUCHPOINT_RECORDED)._frame
    for value, reason in (
        (None, "undecodable"),
        (b"", "undecodable"),
        (b"hello", "undecodable"),
        (other, "unknown_schema"),
    ):
        with pytest.raises(Undecodable) as refused:
            codec.decode(value)
        assert refused.value.reason == reason and refused.value.detail


def plain(value: Any) -> Any:
    """What Apache's reader makes of a time, as the microseconds that we keep."""
    if isinstance(value, datetime):
        return (value - EPOCH) // (datetime.resolution)
    if isinstance(value, list):
        return tuple(plain(one) for one in value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value
