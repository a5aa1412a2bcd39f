"""Encoding: an event of any values is encoded as fastavro encodes it, or refused where fastavro refuses it."""

import struct
from typing import Any

import msgspec

from schemas.topics import TOPICS
from tests.chaos.hostile.fuzzing.oracle import CODEC, fastavro_writes, revisions_of, topic_of

REFUSES = (OverflowError, ValueError, TypeError, AttributeError, struct.error)


def seeds() -> list[bytes]:
    """For every topic values of all sizes."""
    return [bytes([number]) + bytes(range(start, start + 120)) for number in range(len(TOPICS)) for start in (0, 100)]


def check(data: bytes) -> None:
    topic = topic_of(data)
    values = Values(data[1:])
    fields = revisions_of(topic)[-1].parsed["fields"]
    event = topic.event(**{field["name"]: values.next(field["type"], topic.event, field["name"]) for field in fields})
    encoded = _written(CODEC.of(topic).encode, event)
    assert encoded == _written(lambda one: fastavro_writes(topic, one), event), f"{event!r}: we write {encoded!r}"
    if encoded is not None:
        # Two NaN are never equal, but their text is.
        assert repr(CODEC.of(topic).decode(encoded)) == repr(event)


class Values:
    """Values drawn from an input, one after the other; zeros when it is used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def next(self, node: Any, kind: Any, name: str) -> Any:
        """A value of an Avro type, or (numbers, texts) just outside of it, for the field ``name`` of ``kind``."""
        match node:
            case [*branches]:
                return self.next(branches[self._byte() % len(branches)], kind, name)
            case {"type": "array", "items": items}:
                (item, _) = msgspec.structs.fields(kind)[self._index(kind, name)].type.__args__
                return tuple(self.next(items, item, "") for _ in range(self._byte() % 5))
            case {"type": "record", "fields": fields}:
                return kind(**{field["name"]: self.next(field["type"], kind, field["name"]) for field in fields})
            case {"type": inner}:
                return self.next(inner, kind, name)
            case "string":
                return self._take(self._byte()).decode("utf-8", "surrogateescape")
            case "bytes":
                return self._take(self._byte())
            case "double":
                return struct.unpack("<d", self._take(8).ljust(8, b"\0"))[0]
            case "null":
                return None
            case _:
                return int.from_bytes(self._take(self._byte() % 11), "little", signed=True)

    def _index(self, kind: Any, name: str) -> int:
        return int(kind.__struct_fields__.index(name))

    def _byte(self) -> int:
        return (self._take(1) or b"\0")[0]

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken


def _written(write: Any, event: Any) -> bytes | None:
    try:
        return bytes(write(event))
    except REFUSES:
        return None
