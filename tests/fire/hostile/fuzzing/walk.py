"""The sink's walk: what it passes means the same to every reader, and no record is kept that cannot be decoded."""

from dataclasses import dataclass

from schemas.codec import Undecodable
from sinks.rows import Sorter
from sinks.walk import MAX_ITEMS
from tests.fire.hostile.fuzzing.codec import seeds as values
from tests.fire.hostile.fuzzing.oracle import CODEC, Refused, apache_reads, fastavro_reads, revisions_of, topic_of

SPLIT = b"\xfa\xce"
"""Between two bodies of an input: neighbours in a batch must not harm each other."""


@dataclass(frozen=True)
class Came:
    """A record of partition 0."""

    topic: str
    value: bytes
    offset: int
    partition: int = 0
    timestamp: int = 0


def seeds() -> list[bytes]:
    """Bodies of one topic in a row, and one alone."""
    inputs = values()
    return [*inputs, *(small + SPLIT + large[1:] for small, large in zip(inputs[::2], inputs[1::2], strict=True))]


def one(data: bytes) -> None:
    topic = topic_of(data)
    codec = CODEC.of(topic)
    records = [
        Came(topic.name, codec._frame + body, offset) for offset, body in enumerate(data[1:].split(SPLIT)[:MAX_ITEMS])
    ]
    rows = Sorter(topic, codec).sort(records)
    kept = {offset: body for _, bodies in rows.blocks for _, offset, body in bodies}
    rejected = {reject.offset for reject in rows.rejects}
    assert kept.keys() | rejected == set(range(len(records))) and not kept.keys() & rejected
    for record in records:
        try:
            event = codec.decode(record.value)
        except Undecodable:
            assert record.offset in rejected, "kept, though nobody can read it"
            continue
        if record.offset in rejected:
            assert _does_not_fit(codec, event), "refused, though it is an event"
            continue
        # A rare encoding is written anew; what the table gets must mean the event to any reader.
        body = kept[record.offset]
        assert repr(fastavro_reads(topic, revisions_of(topic)[-1], body)) == repr(event)
        try:
            assert repr(apache_reads(topic, body)) == repr(event)
        except Refused as refused:
            raise AssertionError(f"{topic.noun}: {body!r} is no record to Apache: {refused}") from refused


def _does_not_fit(codec: object, event: object) -> bool:
    """Whether a lenient reader has let a number through that no writer may write."""
    try:
        codec.encode(event)  # type: ignore[attr-defined]
    except (OverflowError, ValueError):
        return True
    return False
