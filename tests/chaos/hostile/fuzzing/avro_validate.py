"""The sink's validation of Avro: what passes means the same to every reader, and no undecodable record passes."""

from dataclasses import dataclass

from schemas.codec.avro import Undecodable
from sinks.clickhouse.avro_validate import MAX_ITEMS
from sinks.clickhouse.record_router import RecordRouter
from tests.chaos.hostile.fuzzing.codec import seeds as values
from tests.chaos.hostile.fuzzing.oracle import CODEC, Refused, apache_reads, fastavro_reads, revisions_of, topic_of

SPLIT = b"\xfa\xce"
"""Separates the bodies of an input: a record must not affect its neighbours in a batch."""


@dataclass(frozen=True)
class FetchedRecord:
    """A record of partition 0, as the sink fetches it."""

    topic: str
    value: bytes
    offset: int
    partition: int = 0
    timestamp: int = 0


def seeds() -> list[bytes]:
    """Single bodies, and two bodies of one topic in a row."""
    inputs = values()
    return [*inputs, *(small + SPLIT + large[1:] for small, large in zip(inputs[::2], inputs[1::2], strict=True))]


def check(data: bytes) -> None:
    topic = topic_of(data)
    codec = CODEC.of(topic)
    records = [
        FetchedRecord(topic.name, codec._frame + body, offset)
        for offset, body in enumerate(data[1:].split(SPLIT)[:MAX_ITEMS])
    ]
    rows = RecordRouter(topic, codec).check(records)
    passed = {offset: body for _, bodies in rows.blocks for _, offset, body in bodies}
    rejected = {reject.offset for reject in rows.rejects}
    assert passed.keys() | rejected == set(range(len(records))) and not passed.keys() & rejected
    for record in records:
        try:
            event = codec.decode(record.value)
        except Undecodable:
            assert record.offset in rejected, "passed, though it cannot be decoded"
            continue
        if record.offset in rejected:
            assert _does_not_fit(codec, event), "rejected, though it is an event"
            continue
        # A rare encoding is encoded again; what the table gets must mean the event to any reader.
        body = passed[record.offset]
        assert repr(fastavro_reads(topic, revisions_of(topic)[-1], body)) == repr(event)
        try:
            assert repr(apache_reads(topic, body)) == repr(event)
        except Refused as refused:
            raise AssertionError(f"{topic.noun}: {body!r} is not a record to Apache: {refused}") from refused


def _does_not_fit(codec: object, event: object) -> bool:
    """Whether the event has a number that no writer may write and only a lenient reader accepts."""
    try:
        codec.encode(event)  # type: ignore[attr-defined]
    except (OverflowError, ValueError):
        return True
    return False
