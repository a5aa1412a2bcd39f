"""Records to a block that ClickHouse checks while it reads it, so that nothing here looks into a body.

Each body stands between two seals, numbers that nobody outside this process can know, and after the second its place
comes again. Whoever reads a row that begins with the first seal begins where a record begins; whoever then meets the
second seal and the same place ends where that record ends. A row that fails, in whatever block ClickHouse cuts the
container into, is refused together with the whole insert. So is what readers take differently: text that is not UTF-8,
and the number of a union's branch, of which ClickHouse is strict only for unions of three and more.
"""

import secrets
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from schemas.compiled import long_encoder
from sinks.columns import Columns, column_type, container, container_head, insert_into, value_of

NOT_AS_SEALED = "a body is not one record of its schema"
ABSENT = "string"
"""Type of a branch that no schema has after its own two."""


@dataclass(frozen=True, slots=True)
class Run:
    """Records of a partition: their offsets, their times in milliseconds, and their whole values."""

    partition: int
    offsets: "array[int]"
    timestamps: "array[int]"
    values: list[bytes]


@dataclass(frozen=True, eq=False)
class Sealed:
    """How unchecked records that one schema wrote become rows of a topic's table, or an insert that is refused."""

    columns: Columns
    head_bytes: int
    """So many bytes of a value come before its body; ClickHouse skips them."""

    @cached_property
    def insert(self) -> str:
        """The statement; the container follows as its data."""
        begin, end = _seals()
        before = ["_begin Int64", "_partition Int32", "_offset Int64"]
        after = ["_end Int64", "_end_partition Int32", "_end_offset Int64"]
        own = [f"`{field['name']}` {_type(field['type'])}" for field in self.columns.fields]
        values = [value_of(field, _raw(field)) for field in self.columns.fields]
        seals = [
            f"_begin != {begin}",
            f"_end != {end}",
            "_end_partition != _partition",
            "_end_offset != _offset",
        ]
        odd = " OR ".join(seals + [o for f in self.columns.fields for o in _odd(f"`{f['name']}`", f["type"])])
        # A condition of its own could be asked first, and a row that it leaves out would not be checked.
        kept = f"if(throwIf({odd}, '{NOT_AS_SEALED}'), 0, {self.columns.kept})"
        return insert_into(self.columns, [*before, *own, *after], values, kept)

    @cached_property
    def _head(self) -> bytes:
        fields = [{"name": field["name"], "type": _union(field["type"])} for field in self.columns.fields]
        return container_head(
            [
                {"name": "_begin", "type": "long"},
                {"name": "_partition", "type": "int"},
                {"name": "_offset", "type": "long"},
                {"name": "_head", "type": {"type": "fixed", "name": "Head", "size": self.head_bytes}},
                *fields,
                {"name": "_end", "type": "long"},
                {"name": "_end_partition", "type": "int"},
                {"name": "_end_offset", "type": "long"},
            ]
        )

    def block(self, runs: Iterable[Run]) -> bytes:
        """The object container with the records as its rows."""
        long, (first, last) = long_encoder(), _seals()
        parts: list[bytes] = []
        for run in runs:
            begin, end = long(first) + long(run.partition), long(last) + long(run.partition)
            for offset, value in zip(map(long, run.offsets), run.values, strict=True):
                parts += (begin, offset, value, end, offset)
        return container(self._head, parts, len(parts) // 5)


@lru_cache(1)
def _seals() -> tuple[int, int]:
    """Before and after each body, as long as the process lives."""
    return secrets.randbits(62), secrets.randbits(62)


def _union(node: Any) -> Any:
    return [*node, ABSENT] if isinstance(node, list) else node


def _type(node: Any) -> str:
    match node:
        case ["null", branch]:
            return f"Variant({column_type(branch)}, {column_type(ABSENT)})"
        case _:
            return column_type(node)


def _raw(field: dict[str, Any]) -> str:
    match field["type"]:
        case ["null", branch]:
            return f"variantElement(`{field['name']}`, '{column_type(branch)}')"
        case _:
            return f"`{field['name']}`"


def _odd(value: str, node: Any) -> list[str]:
    """Conditions of which none may hold for the value."""
    match node:
        case "string":
            return [f"NOT isValidUTF8({value})"]
        case [_, _]:
            return [f"variantType({value}) = '{column_type(ABSENT)}'"]
        case {"type": "array", "items": items}:
            inner = " OR ".join(_odd("item", items))
            return [f"arrayExists(item -> {inner}, {value})"] if inner else []
        case {"type": "record", "fields": fields}:
            return [odd for field in fields for odd in _odd(f"{value}.{field['name']}", field["type"])]
        case {"type": kind}:
            return _odd(value, kind)
        case _:
            return []
