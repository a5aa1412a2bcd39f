"""An example event of any topic, built from its .avsc, whose texts, arrays and numbers have a given size."""

from typing import Any

import msgspec

from schemas.events import Event
from schemas.topics import Topic
from tests.chaos.hostile.fuzzing.oracle import revisions_of


def example(topic: Topic, size: int) -> Event:
    """:param size: items of an array and repeats of a text; numbers have about as many bytes."""
    return msgspec.convert(_value(revisions_of(topic)[-1].parsed, size), topic.event)


def _value(node: Any, size: int) -> Any:
    match node:
        case [*branches]:
            return _value(branches[-1 if size else 0], size)
        case {"type": "array", "items": items}:
            return [_value(items, size) for _ in range(size)]
        case {"type": "record", "fields": fields}:
            return {field["name"]: _value(field["type"], size) for field in fields}
        case {"type": kind}:
            return _value(kind, size)
        case "null":
            return None
        case "string":
            return "grün " * size
        case "bytes":
            return b"\xff\x00" * size
        case "double":
            return 1.5 * size
        case "int":
            return -(37**size) if size else 0
        case "long":
            return -(37 ** (3 * size)) if size else 0
        case _:
            raise TypeError(f"no example of the Avro type {node!r}")
