"""Avro to columns: the statement and the block that insert a topic's records into its table.

A record's Avro encoding is the concatenation of the encodings of its fields, so partition and offset can precede a body
without a change to it, and concatenated bodies are a block of an Avro object container file (Avro 1.12, "Object
Container Files"). ClickHouse reads that format: no value is decoded in Python.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from schemas.codec.avro import Schema, without_logical_types
from schemas.codec.compiled import long_encoder
from schemas.ids import SLASH
from schemas.kinds import REFERRER
from schemas.topics import Topic
from sinks.clickhouse.avro_validate import PADDING, AvroValidator
from sinks.clickhouse.personal import COUNTED_ONLY_IF, FIELDS, LIVING, NEVER_STORED, NOBODY
from sinks.clickhouse.topic_incarnation import first_position

SYNC = b"footpath footpath"[:16]
"""Sync marker of the container: any sixteen bytes."""
NAMESPACE_COLUMNS: dict[str, dict[str, str]] = {
    "touchpoint_recorded": {"event_id": "namespace", "related_event_id": "related_namespace"},
    "touchpoint_identified": {"event_id": "namespace", "related_event_id": "related_namespace"},
    "stock_reported": {"event_id": "namespace"},
    "cost_reported": {"event_id": "namespace"},
    "capacity_reported": {"event_id": "namespace"},
    "scan_routed": {"scan_event_id": "scan_namespace"},
    "experiment_exposed": {"scan_event_id": "scan_namespace"},
    "reward_posted": {"source_event_id": "source_namespace"},
    "coupon_changed": {"source_event_id": "source_namespace", "sale_event_id": "sale_namespace"},
    "budget_claimed": {"source_event_id": "source_namespace"},
    "budget_answered": {"source_event_id": "source_namespace"},
    "referral_changed": {"qualifying_event_id": "qualifying_namespace"},
    "consent_changed": {"source_event_id": "source_namespace"},
    "event_rejected": {"source_event_id": "source_namespace"},
}
"""Of a table, the columns that take the namespace of an event id, by the id's field. The id's own column has the id as
its sender gave it, in every table."""

FRACTION = "fraction_micros"
"""Member of a line that has no column of its own."""

Body = tuple[int, int, bytes]
"""Partition, offset, and the record's Avro encoding without the header of the value."""

_PLAIN = {"string": "String", "bytes": "String", "long": "Int64", "int": "Int32", "double": "Float64"}


@dataclass(frozen=True)
class Columns:
    """Maps records that one schema wrote to rows of a topic's table, or of ``table`` of the same columns.

    :param incarnation: of the topic, see `topic_incarnation`.
    """

    topic: Topic
    schema: Schema
    table: str = ""
    incarnation: int = 0

    @cached_property
    def fields(self) -> list[dict[str, Any]]:
        return list(self.schema.document["fields"])

    @cached_property
    def names(self) -> list[str]:
        """Columns of the schema's fields, in its order; that of an id's namespace follows the id."""
        return [column for field in self.fields for column in (column_of(field["name"]), *self._namespace_of(field))]

    def values(self, raw: Callable[[dict[str, Any]], str]) -> list[str]:
        """SQL for the values of the columns. :param raw: gives that of a field as it is in the container."""
        found = []
        for field in self.fields:
            found.append(self._counted(field, value_of(field, raw(field))))
            found += [_namespace(raw(field)) for _ in self._namespace_of(field)]
        return found

    def _counted(self, field: dict[str, Any], value: str) -> str:
        """The value, or what stands for it in a row that is a count."""
        counted_only, instead = COUNTED_ONLY_IF.get(self.topic.table), FIELDS.get(field["name"])
        if counted_only is not None and field["name"] == "identifiers":
            value = LIVING
        return value if counted_only is None or instead is None else f"if({counted_only}, {instead}, {value})"

    def _namespace_of(self, field: dict[str, Any]) -> tuple[str, ...]:
        column = NAMESPACE_COLUMNS.get(self.topic.table, {}).get(field["name"])
        return () if column is None else (column,)

    @cached_property
    def insert(self) -> str:
        """The statement for bodies that have been checked; the container follows as its data."""
        fields = [f"`{field['name']}` {column_type(field['type'])}" for field in self.fields]
        values = self.values(lambda field: f"`{field['name']}`")
        return insert_into(self, ["_partition Int32", "_offset Int64", *fields], values, self.stored_if)

    @property
    def sample(self) -> str:
        """Query for one row of the table; no rows: the table is empty."""
        return f"SELECT 1 FROM {self.table or self.topic.table} LIMIT 1"

    @property
    def insert_again(self) -> str:
        """Statement that inserts a row of the table once more: the same row under the same position."""
        table, names = f"{self.table or self.topic.table}", _column_names(self)
        return f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} LIMIT 1"

    @cached_property
    def stored_if(self) -> str:
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

    def invalid(self, bodies: Sequence[Body]) -> list[int]:
        """Positions of the bodies that `AvroValidator` does not accept as one record of the schema."""
        ends = np.cumsum([len(body) for _, _, body in bodies])
        starts = np.concatenate(([0], ends[:-1]))
        buffer = b"".join([*(body for _, _, body in bodies), bytes(PADDING)])
        return np.flatnonzero(~AvroValidator(buffer, starts, ends).valid(self.schema.parsed)).tolist()


def insert_into(columns: Columns, fields: Sequence[str], values: Sequence[str], condition: str) -> str:
    """The statement.

    :param fields: the container's fields with their ClickHouse types. :param values: the columns' values in SQL.
    :param condition: on the rows that are stored.
    """
    names = _column_names(columns)
    selected = ", ".join(["_partition", f"_offset + {first_position(columns.incarnation)}", *values])
    source, table = f"input('{', '.join(fields)}')", columns.table or columns.topic.table
    return f"INSERT INTO {table} ({names}) SELECT {selected} FROM {source} WHERE {condition} FORMAT Avro"


def _column_names(columns: Columns) -> str:
    return ", ".join(["_partition", "_offset", *(f"`{name}`" for name in columns.names)])


def container_head(fields: Sequence[dict[str, Any]]) -> bytes:
    """The header of an object container whose rows have these fields."""
    long = long_encoder()
    row = json.dumps({"type": "record", "name": "Row", "fields": without_logical_types(list(fields))}).encode()
    meta = b"".join(long(len(part)) + part for part in (b"avro.schema", row, b"avro.codec", b"null"))
    return b"Obj\x01" + long(2) + meta + long(0) + SYNC


def container(head: bytes, parts: Sequence[bytes], count: int) -> bytes:
    """An object container of one block of ``count`` rows, whose encodings the parts are when concatenated."""
    long, size = long_encoder(), sum(map(len, parts))
    return b"".join([head, long(count), long(size), *parts, SYNC])


def column_of(name: str) -> str:
    """Column of a field: the same name; money without the unit, which only its encoding has."""
    return name.removesuffix("_micros")


def column_type(node: Any) -> str:
    """ClickHouse's type of a field in the container."""
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
    """SQL for a column's value from the field ``raw``; total: no content of a valid record makes an insert fail."""
    name, node = field["name"], field["type"]
    if isinstance(node, dict) and node.get("logicalType") == "timestamp-micros":
        return f"fromUnixTimestamp64Micro({raw}, 'UTC')"
    if name.endswith("_micros"):
        return _money(raw)
    if name == "properties":
        return _without_referrer(raw)
    if name.endswith("event_id"):
        return f"substring({raw}, position({raw}, '{SLASH}') + 1)"
    if name.endswith(("person_id", "profile_id")):
        # Ids of people and profiles are UUIDs; an empty one becomes zero, any other text the UUID of its MD5.
        other = f"if({raw} = '', {NOBODY}, reinterpretAsUUID(MD5({raw})))"
        return f"ifNull(toUUIDOrNull({raw}), {other})"
    if isinstance(node, dict) and node["type"] == "array" and isinstance(node["items"], dict):
        members = [member["name"] for member in node["items"]["fields"]]
        values = [_member(one, members) for one in members if one != FRACTION]
        return f"arrayMap(item -> tuple({', '.join(values)}), {raw})"
    return raw


def _member(name: str, members: Sequence[str]) -> str:
    if name == "quantity":
        # Whole units and millionths of one are one decimal column; the first schema had whole units alone.
        fraction = f" + item.{FRACTION}" if FRACTION in members else ""
        return _money(f"(item.quantity * 1000000{fraction})")
    return _money(f"item.{name}") if name.endswith("_micros") else f"item.{name}"


def _without_referrer(raw: str) -> str:
    # Of whom a person was recommended by only referral_changed says something, where it is forgotten with either.
    member = f'"{REFERRER}":"'
    return f"if(position({raw}, '{member}') > 0, replaceRegexpOne({raw}, '{member}[^\"]*', '{member}'), {raw})"


def _namespace(raw: str) -> str:
    # Without a slash its position is 0, and there is no namespace.
    return f"substring({raw}, 1, greatest(position({raw}, '{SLASH}'), 1) - 1)"


def _money(micros: str) -> str:
    # A Decimal(18, 6) is stored as a number of millionths.
    return f"reinterpret({micros}, 'Decimal64(6)')"
