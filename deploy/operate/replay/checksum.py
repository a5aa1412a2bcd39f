"""The contents of a table as two numbers: its rows, and the sum of the 128-bit hashes of their columns."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

TIME_OF_INSERT = "inserted_at"
"""The time at which ClickHouse got a row is no part of its contents."""
SPILL_BYTES = 1 << 30
"""Memory of one checksum query; what exceeds it is spilled to disk."""


class Checksum(NamedTuple):
    """Number of ``rows`` without duplicates, and the sum of their hashes (SipHash-2-4-128) modulo 2^128, which does not
    depend on their order."""

    rows: int
    sum: int

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {self.sum:032x}"


def columns_of(client: Client, table: str) -> dict[str, str]:
    """The table's stored columns that inserts name, with their types."""
    rows = client.query(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String} "
        "AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') ORDER BY position",
        parameters={"table": table},
    ).result_rows
    return {str(name): str(type_) for name, type_ in rows}


def checksum_of_topic(client: Client, table: str, ends: Mapping[int, int], condition: str) -> Checksum:
    """The rows of a topic's table whose records are before ``ends`` (offsets by partition) and that meet the SQL
    condition, each event once."""
    columns = columns_of(client, table)
    before = " OR ".join(f"(_partition = {partition} AND _offset < {end})" for partition, end in sorted(ends.items()))
    rows = f"{table} WHERE ({before}) AND {condition}"
    return _sum(client, f"SELECT argMax({_hash(columns)}, _version) AS hash FROM {rows} GROUP BY _key")


def checksum_of_derived(client: Client, table: str) -> Checksum:
    """All rows of a table that a materialized view feeds, equal rows once."""
    ((engine,),) = client.query(
        "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
        parameters={"table": table},
    ).result_rows
    final = "" if engine == "MergeTree" else "FINAL"
    return _sum(client, f"SELECT DISTINCT {_hash(columns_of(client, table))} AS hash FROM {table} {final}")


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
