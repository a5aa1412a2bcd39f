"""The erasure of source profiles from the tables of the store."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.asyncclient import AsyncClient

from sinks.privacy.places import BEFORE_TOUCHPOINTS, OTHERS, PLACES, Place

SETTINGS = {"mutations_sync": 2, "allow_nondeterministic_mutations": 1}
"""A statement ends when every replica has rewritten its rows; the order of the statements makes the subqueries give the
same everywhere."""


async def erase(
    client: AsyncClient, profiles: Collection[str], identifiers: Collection[str], anonymous: UUID
) -> dict[str, int]:
    """Erases and returns the number of rows by table. Running it again, also after an interruption, changes nothing
    more.

    :param anonymous: the person in their place, one for all of a request.
    :raises Exception: one of sinks.clickhouse.writer.ERRORS: ClickHouse is away or refuses.
    """
    parameters = _parameters(profiles, identifiers, anonymous)
    found = dict(await _in_order(PLACES, lambda place: _count(client, place, parameters)))
    for places in (BEFORE_TOUCHPOINTS, OTHERS):
        await _in_order(
            [place for place in places if found[place.table]], lambda place: _forget(client, place, parameters)
        )
    return found


async def remaining(
    client: AsyncClient, profiles: Collection[str], identifiers: Collection[str], anonymous: UUID
) -> int:
    """Rows that still name the source profiles. :raises Exception: as :func:`erase`."""
    parameters = _parameters(profiles, identifiers, anonymous)
    return sum(count for _, count in await _in_order(PLACES, lambda place: _count(client, place, parameters)))


def _parameters(profiles: Collection[str], identifiers: Collection[str], anonymous: UUID) -> dict[str, Any]:
    return {"profiles": sorted(profiles), "identifiers": sorted(identifiers), "anonymous": str(anonymous)}


async def _in_order(
    places: Collection[Place], of: Callable[[Place], Awaitable[tuple[str, int]]]
) -> list[tuple[str, int]]:
    return list(await asyncio.gather(*(of(place) for place in places)))


async def _count(client: AsyncClient, place: Place, parameters: dict[str, Any]) -> tuple[str, int]:
    result = await client.query(f"SELECT count() FROM {place.table} WHERE {place.concerned}", parameters=parameters)
    return place.table, int(result.result_rows[0][0])


async def _forget(client: AsyncClient, place: Place, parameters: dict[str, Any]) -> tuple[str, int]:
    for statement in place.forget:
        await client.command(statement, parameters=parameters, settings=SETTINGS)
    return place.table, 0
