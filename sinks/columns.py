"""Avro to columns: the statement and the block that bring a topic's records into its table.

A record's Avro encoding is the encodings of its fields one after the other, so partition and offset go in front of a
body without touching it, and many bodies in a row are a block of an Avro object container file (Avro 1.12, "Object
Container Files"). ClickHouse reads that by itself: no value is ever made in Python.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from schemas.codec import Schema, without_logical_types
from schemas.compiled import long_encoder
from schemas.topics import Topic
from sinks.walk import PADDING, Walk

SYNC = b"footpath footpath"[:16]
"""Sync marker of the container; any sixteen bytes do."""
NEVER_STORED = {
    "touchpoint_recorded": "type = 'probe'",
    "touchpoint_identified": "type = 'probe'",
    "scan_routed": "route = 'probe'",
}
"""Condition on a table's incoming rows that leaves out what only asks whether the stream answers."""

Body = tuple[int, int, bytes]
"""Partition, offset, and the record's Avro encoding without the header of the value."""

_PLAIN = {"string": "String", "bytes": "String", "long": "Int64", "int": "Int32", "double": "Float64"}


@dataclass(frozen=True)
class Columns:
    """How records that one schema wrote become rows of a topic's table, or of ``table`` beside it."""

    topic: Topic
    schema: Schema
    table: str = ""

    @cached_property
    def fields(self) -> list[dict[str, Any]]:
        return list(self.schema.document["fields"])

    @cached_property
    def names(self) -> list[str]:
        """Columns that the schema fills, in its order."""
        return [column_of(field["name"]) for field in self.fields]

    @cached_property
    def insert(self) -> str:
        """The statement for bodies that have been checked; the container follows as its data."""
        came = ["_partition Int32", "_offset Int64", *(f"`{f['name']}` {column_type(f['type'])}" for f in self.fields)]
        return insert_into(self, came, [value_of(field, f"`{field['name']}`") for field in self.fields], self.kept)

    @cached_property
    def kept(self) -> str:
        """Condition on the rows that are stored."""
        return f"NOT ({NEVER_STORED[self.topic.table]})" if self.topic.table in NEVER_STORED else "true"

    @cached_property
    def _head(self) -> bytes:
        return container_head(
            [{"name": "_partition", "type": "int"}, {"name": "_offset", "type": "long"}, *self.fields]
        )

    def block(self, bodies: Sequence[Body]) -> bytes:
        """The object container with these bodies as its rows."""
        long = long_encoder()
        parts = [part for partition, offset, body in bodies for part in (long(partition), long(offset), body)]
        return container(self._head, parts, len(bodies))

    def unsound(self, bodies: Sequence[Body]) -> list[int]:
        """Positions of the bodies that are not plainly one record of the schema."""
        ends = np.cumsum([len(body) for _, _, body in bodies])
        starts = np.concatenate(([0], ends[:-1]))
        buffer = b"".join([*(body for _, _, body in bodies), bytes(PADDING)])
        return np.flatnonzero(~Walk(buffer, starts, ends).sound(self.schema.parsed)).tolist()


def insert_into(columns: Columns, came: Sequence[str], values: Sequence[str], kept: str) -> str:
    """The statement: ``came`` are the container's fields with their types, ``values`` those of the schema in SQL."""
    names = ", ".join(["_partition", "_offset", *(f"`{name}`" for name in columns.names)])
    selected = ", ".join(["_partition", "_offset", *values])
    source, table = f"input('{', '.join(came)}')", columns.table or columns.topic.table
    return f"INSERT INTO footpath.{table} ({names}) SELECT {selected} FROM {source} WHERE {kept} FORMAT Avro"


def container_head(fields: Sequence[dict[str, Any]]) -> bytes:
    """The head of an object container whose rows have these fields."""
    long = long_encoder()
    row = json.dumps({"type": "record", "name": "Row", "fields": without_logical_types(list(fields))}).encode()
    meta = b"".join(long(len(part)) + part for part in (b"avro.schema", row, b"avro.codec", b"null"))
    return b"Obj\x01" + long(2) + meta + long(0) + SYNC


def container(head: bytes, parts: Sequence[bytes], count: int) -> bytes:
    """An object container of one block: so many rows, which the parts are one after the other."""
    long, size = long_encoder(), sum(map(len, parts))
    return b"".join([head, long(count), long(size), *parts, SYNC])


def column_of(name: str) -> str:
    """Column of a field: the same name; money loses the unit that only its encoding has."""
    return name.removesuffix("_micros")


def column_type(node: Any) -> str:
    """ClickHouse's type of what the container holds."""
    match node:
        case str():
            return _PLAIN[node]
        case ["null", branch]:
            return f"Nullable({column_type(branch)})"
        case {"type": "array", "items": items}:
            return f"Array({column_type(items)})"
        case {"type": "record", "fields": fields}:
            members = ", ".join(f"{field['name']} {column_type(field['type'])}" for field in fields)
            return f"Tuple({members})"
        case {"type": kind}:
            return column_type(kind)
        case _:
            raise TypeError(f"no column type for the Avro type {node!r}")


def value_of(field: dict[str, Any], raw: str) -> str:
    """SQL for a column's value, made of what came; total, so that no content of a sound record makes an insert fail."""
    name, node = field["name"], field["type"]
    if isinstance(node, dict) and node.get("logicalType") == "timestamp-micros":
        return f"fromUnixTimestamp64Micro({raw}, 'UTC')"
    if name.endswith("_micros"):
        return _money(raw)
    if name.endswith("person_id"):
        # Ids of people are UUIDs; an empty one becomes zero, any other text a UUID of its own.
        other = f"if({raw} = '', toUUID('00000000-0000-0000-0000-000000000000'), reinterpretAsUUID(MD5({raw})))"
        return f"ifNull(toUUIDOrNull({raw}), {other})"
    if isinstance(node, dict) and node["type"] == "array" and isinstance(node["items"], dict):
        members = (member["name"] for member in node["items"]["fields"])
        return f"arrayMap(item -> tuple({', '.join(_member(m) for m in members)}), {raw})"
    return raw


def _member(name: str) -> str:
    return _money(f"item.{name}") if name.endswith("_micros") else f"item.{name}"


def _money(micros: str) -> str:
    # Millionths are what a Decimal(18, 6) is made of.
    return f"reinterpret({micros}, 'Decimal64(6)')"
