"""What a table holds, as two numbers: its rows, and an order-free sum of 128-bit hashes over all that they say."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

TIME_OF_INSERT = "inserted_at"
"""When a row was written here says nothing about what it tells."""
SPILL_BYTES = 1 << 30
"""So much a checksum keeps in memory before it goes to disk."""


class Checksum(NamedTuple):
    """``rows`` that count (duplicates do so once), and the sum of their hashes (SipHash-2-4-128) modulo 2^128."""

    rows: int
    sum: int

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {self.sum:032x}"


def columns_of(client: Client, table: str) -> dict[str, str]:
    """Columns that are written, with their types."""
    rows = client.query(
        "SELECT name, type FROM system.columns WHERE database = 'footpath' AND table = {table:String} "
        "AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') ORDER BY position",
        parameters={"table": table},
    ).result_rows
    return {str(name): str(type_) for name, type_ in rows}


def checksum_of_topic(client: Client, table: str, ends: Mapping[int, int], condition: str) -> Checksum:
    """Of the rows of a topic's table that come from before ``ends`` (offsets by partition) and meet the condition,
    each event once."""
    columns = columns_of(client, table)
    before = " OR ".join(f"(_partition = {partition} AND _offset < {end})" for partition, end in sorted(ends.items()))
    rows = f"footpath.{table} WHERE ({before}) AND {condition}"
    return _sum(client, f"SELECT argMax({_hash(columns)}, _version) AS hash FROM {rows} GROUP BY _key")


def checksum_of_derived(client: Client, table: str) -> Checksum:
    """Of all rows of a table that a materialized view feeds, equal ones once."""
    ((engine,),) = client.query(
        "SELECT engine FROM system.tables WHERE database = 'footpath' AND name = {table:String}",
        parameters={"table": table},
    ).result_rows
    final = "" if engine == "MergeTree" else "FINAL"
    return _sum(client, f"SELECT DISTINCT {_hash(columns_of(client, table))} AS hash FROM footpath.{table} {final}")


def _hash(columns: Mapping[str, str]) -> str:
    # The hash of a null would be null.
    values = [
        f"isNull(`{name}`), assumeNotNull(`{name}`)" if type_.startswith("Nullable") else f"`{name}`"
        for name, type_ in columns.items()
        if name != TIME_OF_INSERT
    ]
    return f"reinterpretAsUInt128(sipHash128({', '.join(values)}))"


def _sum(client: Client, hashes: str) -> Checksum:
    settings: dict[str, Any] = {"max_bytes_before_external_group_by": SPILL_BYTES}
    ((rows, total),) = client.query(
        f"SELECT count(), toString(sum(hash)) FROM ({hashes})", settings=settings
    ).result_rows
    return Checksum(int(rows), int(total))
