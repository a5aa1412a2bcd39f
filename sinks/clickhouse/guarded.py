"""Records to a block that ClickHouse validates while it reads it, so that Python looks into no body.

Each body stands between two guard values, random numbers that nobody outside this process knows, and after the second
one the record's partition and offset are repeated. A row that begins with the first guard value begins where a record
begins; a row that also ends with the second one and the same partition and offset ends where that record ends. A row
that fails this check, in whatever blocks ClickHouse cuts the container into, makes it refuse the whole insert. Two
things that Avro readers interpret differently are checked too: text that is not UTF-8, and the branch number of a
union, which ClickHouse checks only for unions of three and more.
"""

import secrets
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from schemas.codec.compiled import long_encoder
from sinks.clickhouse.columns import Columns, column_type, container, container_head, insert_into

INVALID_BODY = "a body is not one record of its schema"
EXTRA_BRANCH = "string"
"""Type of the third branch that every union gets, so that ClickHouse checks the number."""


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """Records of one partition: their offsets, their timestamps in milliseconds, and their whole values."""

    partition: int
    offsets: "array[int]"
    timestamps: "array[int]"
    values: list[bytes]


@dataclass(frozen=True, eq=False)
class GuardedInsert:
    """Inserts unchecked records that one schema wrote into a topic's table; ClickHouse stores all rows or refuses."""

    columns: Columns
    header_bytes: int
    """Length of the header before the body of each value; ClickHouse skips it."""

    @cached_property
    def insert(self) -> str:
        """The statement; the container follows as its data."""
        first, last = _guard_values()
        before = ["_begin Int64", "_partition Int32", "_offset Int64"]
        after = ["_end Int64", "_end_partition Int32", "_end_offset Int64"]
        fields = [f"`{field['name']}` {_type(field['type'])}" for field in self.columns.fields]
        values = self.columns.values(_raw)
        violations = [
            f"_begin != {first}",
            f"_end != {last}",
            "_end_partition != _partition",
            "_end_offset != _offset",
        ]
        for field in self.columns.fields:
            violations += _violations(f"`{field['name']}`", field["type"])
        # One expression: of two conditions ClickHouse may evaluate the other one first and skip this one for its rows.
        condition = f"if(throwIf({' OR '.join(violations)}, '{INVALID_BODY}'), 0, {self.columns.stored_if})"
        return insert_into(self.columns, [*before, *fields, *after], values, condition)

    @cached_property
    def _head(self) -> bytes:
        fields = [{"name": field["name"], "type": _union(field["type"])} for field in self.columns.fields]
        return container_head(
            [
                {"name": "_begin", "type": "long"},
                {"name": "_partition", "type": "int"},
                {"name": "_offset", "type": "long"},
                {"name": "_header", "type": {"type": "fixed", "name": "Header", "size": self.header_bytes}},
                *fields,
                {"name": "_end", "type": "long"},
                {"name": "_end_partition", "type": "int"},
                {"name": "_end_offset", "type": "long"},
            ]
        )

    def block(self, batches: Iterable[FetchedBatch]) -> bytes:
        """The object container with the records as its rows."""
        long, (first, last) = long_encoder(), _guard_values()
        parts: list[bytes] = []
        for batch in batches:
            begin, end = long(first) + long(batch.partition), long(last) + long(batch.partition)
            for offset, value in zip(map(long, batch.offsets), batch.values, strict=True):
                parts += (begin, offset, value, end, offset)
        return container(self._head, parts, len(parts) // 5)


@lru_cache(1)
def _guard_values() -> tuple[int, int]:
    """Before and after each body, the same during the life of the process."""
    return secrets.randbits(62), secrets.randbits(62)


def _union(node: Any) -> Any:
    return [*node, EXTRA_BRANCH] if isinstance(node, list) else node


def _type(node: Any) -> str:
    match node:
        case ["null", branch]:
            return f"Variant({column_type(branch)}, {column_type(EXTRA_BRANCH)})"
        case _:
            return column_type(node)


def _raw(field: dict[str, Any]) -> str:
    match field["type"]:
        case ["null", branch]:
            return f"variantElement(`{field['name']}`, '{column_type(branch)}')"
        case _:
            return f"`{field['name']}`"


def _violations(value: str, node: Any) -> list[str]:
    """SQL conditions that are true for an invalid value."""
    match node:
        case "string":
            return [f"NOT isValidUTF8({value})"]
        case [_, _]:
            return [f"variantType({value}) = '{column_type(EXTRA_BRANCH)}'"]
        case {"type": "array", "items": items}:
            inner = " OR ".join(_violations("item", items))
            return [f"arrayExists(item -> {inner}, {value})"] if inner else []
        case {"type": "record", "fields": fields}:
            return [one for field in fields for one in _violations(f"{value}.{field['name']}", field["type"])]
        case {"type": kind}:
            return _violations(value, kind)
        case _:
            return []
