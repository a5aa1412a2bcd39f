"""How long the tables keep what the brand's section ``retention`` limits: ClickHouse's own time to live (TTL).

Properties and inputs become empty objects, sightings go with their rows. ClickHouse does it when it merges parts, and
for what is there already when the TTL changes.
"""

from dataclasses import dataclass
from typing import Final

from clickhouse_connect.driver.asyncclient import AsyncClient

from schemas.brand.retention import PROPERTIES, SIGHTINGS

SIGHTED: Final = "type IN ('beacon_sighting', 'wifi_association')"
DAYS: Final = f"""
SELECT id, toInt64(JSONExtractInt(argMax(body, _version) AS live, 'days')) FROM brand_configured
WHERE kind = 'retention' AND id IN ('{PROPERTIES}', '{SIGHTINGS}') GROUP BY id HAVING live != ''
"""


@dataclass(frozen=True, slots=True)
class Limited:
    """A table: subject ``properties`` limits its ``column``, subject ``sightings`` rows of those kinds; ``since`` is
    the time from which days count."""

    table: str
    column: str
    since: str
    has_sightings: bool


LIMITED: Final = (
    Limited("touchpoint_recorded", "properties", "received_at", True),
    Limited("touchpoint_identified", "properties", "received_at", True),
    Limited("scan_routed", "inputs", "occurred_at", False),
    Limited("touch", "", "occurred_at", True),
)


def wanted(table: Limited, days: dict[str, int]) -> tuple[str, str]:
    """The TTL of the column and of the rows, as ClickHouse writes them; empty: none."""
    of_column = f"toDateTime({table.since}) + toIntervalDay({days[PROPERTIES]})" if PROPERTIES in days else ""
    of_rows = f"toDateTime({table.since}) + toIntervalDay({days[SIGHTINGS]})" if SIGHTINGS in days else ""
    return of_column if table.column else "", of_rows if table.has_sightings else ""


async def apply_retention(client: AsyncClient) -> list[str]:
    """Gives the tables the TTL of the live brand; returns the statements that were needed, none where nothing changed.

    :raises Exception: one of sinks.clickhouse.writer.ERRORS: ClickHouse is away or refuses.
    """
    days: dict[str, int] = {subject: count for subject, count in (await client.query(DAYS)).result_rows}
    statements = []
    for table in LIMITED:
        of_column, of_rows = wanted(table, days)
        is_column, is_rows = await _ttl_of(client, table)
        if of_column != is_column:
            change = f"DEFAULT '{{}}' TTL {of_column}" if of_column else "REMOVE TTL"
            statements.append(f"ALTER TABLE {table.table} MODIFY COLUMN {table.column} {change}")
        if of_rows != is_rows:
            change = f"MODIFY TTL {of_rows} DELETE WHERE {SIGHTED}" if of_rows else "REMOVE TTL"
            statements.append(f"ALTER TABLE {table.table} {change}")
    for statement in statements:
        await client.command(statement)
    return statements


async def _ttl_of(client: AsyncClient, table: Limited) -> tuple[str, str]:
    """The TTL that the column and the rows have, read off the table's definition."""
    result = await client.query(f"SHOW CREATE TABLE {table.table}")
    lines = [line.strip() for line in str(result.result_rows[0][0]).splitlines()]
    column = next((line for line in lines if table.column and line.startswith(f"`{table.column}` ")), "")
    rows = next((line for line in lines if line.startswith("TTL ")), "")
    return column.partition(" TTL ")[2].rstrip(","), rows.removeprefix("TTL ").partition(" WHERE ")[0]
