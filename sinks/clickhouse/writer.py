"""Inserts blocks into ClickHouse: waits as long as it is away, and isolates the rows that it refuses for their content.

That a row is at fault is shown, not assumed: the table takes another row, and then refuses this one, alone, once more.
A missing column, missing rights or a broken materialized view refuse every row, and are waited for.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

import aiohttp
import clickhouse_connect
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from schemas.kafka.topic_ids import TopicId
from sinks import metrics
from sinks.clickhouse.client_options import client_options
from sinks.clickhouse.columns import Body, Columns
from sinks.clickhouse.error_codes import is_about_values, is_too_large, is_transient
from sinks.clickhouse.guarded import FetchedBatch, GuardedInsert
from sinks.clickhouse.store_settings import Store, store_settings
from sinks.clickhouse.topic_incarnation import claim_incarnations

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
INSERT_TIMEOUT_S = 120
PIECE_BYTES = 256 << 10
# Rows with one key are reduced to one when parts are merged, and by FINAL at query time. Doing it on insert would be a
# quarter of ClickHouse's work.
SETTINGS = {"wait_end_of_query": 1, "optimize_on_insert": 0}
ERRORS = (TimeoutError, ClickHouseError, aiohttp.ClientError, OSError)

log = logging.getLogger(__name__)


class Refused(NamedTuple):
    """A row that ClickHouse refuses for its content: its position, and the error without values of the row."""

    partition: int
    offset: int
    error: str


class _Waits:
    """Growing pauses while ClickHouse does not do what it is asked; the log and the metric say so."""

    def __init__(self) -> None:
        self._next_s = FIRST_PAUSE_S

    async def after(self, problem: Exception, what: str) -> None:
        metrics.WAITING.labels("clickhouse").set(1)
        log.warning("ClickHouse %s, next try in %.1f s: %s", what, self._next_s, _name(problem))
        await asyncio.sleep(self._next_s)
        self._next_s = min(2 * self._next_s, LONGEST_PAUSE_S)


class Writer:
    """Inserts blocks; one per process, used by all topic writers concurrently."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._number = 0
        """Of the address that is used now."""
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()

    async def try_insert(self, guarded: GuardedInsert, batches: Sequence[FetchedBatch]) -> bool:
        """Tries once to insert unchecked records; False means not all are stored, for whatever reason."""
        rows = sum(len(batch.values) for batch in batches)
        try:
            await self._insert(guarded.columns, guarded.insert, guarded.block(batches), rows)
        except ERRORS as problem:
            table = guarded.columns.topic.table
            log.info("ClickHouse refuses %d unchecked rows of %s: %s", rows, table, _name(problem))
            return False
        return True

    async def insert(self, columns: Columns, bodies: Sequence[Body]) -> list[Refused]:
        """Returns once the rows of checked bodies are in the table, but for those that it returns; retries without a
        limit while ClickHouse is away or takes nothing.

        A block that is refused is halved until the rows at fault are alone. A row that ClickHouse wrote before it
        refused the block, or that a replay brings again, is the same row under the same position: the table keeps one.
        """
        refused: list[Refused] = []
        waiting = [bodies]
        while waiting:
            part = waiting.pop()
            problem = await self._insert_unless_refused(columns, part)
            if problem is None:
                continue
            if len(part) > 1:
                middle = len(part) // 2
                waiting += (part[middle:], part[:middle])
            else:
                partition, offset, _ = part[0]
                refused.append(Refused(partition, offset, _name(problem)))
        return refused

    async def _insert_unless_refused(self, columns: Columns, bodies: Sequence[Body]) -> Exception | None:
        """Inserts the bodies; None when they are stored, else why the block has to be halved, or its one row refused.
        Waits while the reason is not the content of the rows."""
        block = columns.block(bodies)
        waits, takes_others = _Waits(), False
        while True:
            try:
                await self._insert(columns, columns.insert, block, len(bodies))
            except ERRORS as problem:
                about_rows = not is_transient(problem)
                if (about_rows and takes_others) or (len(bodies) > 1 and (about_rows or is_too_large(problem))):
                    return problem
                if about_rows and await self._takes_others(columns, problem):
                    takes_others = True  # And the row once more: the table may have recovered in between.
                    continue
                await waits.after(problem, f"cannot store rows of {columns.topic.table}")
            else:
                metrics.WAITING.labels("clickhouse").set(0)
                return None

    async def _takes_others(self, columns: Columns, problem: Exception) -> bool:
        """Whether the table takes other rows than the one to which it answered this: a row that it has is inserted once
        more, which changes nothing. Of an empty table the code of the answer decides."""
        try:
            client = await self._connected()
            if (await client.query(columns.sample)).result_rows:
                await client.command(columns.insert_again)
                return True
        except ERRORS:
            return False
        return is_about_values(problem)

    async def claim_incarnations(self, ids: Mapping[str, TopicId]) -> dict[str, int]:
        """See `topic_incarnation.claim_incarnations`; waits as long as ClickHouse is away or not migrated."""
        waits = _Waits()
        while True:
            try:
                incarnations = await claim_incarnations(await self._connected(), ids)
            except ERRORS as problem:
                await waits.after(problem, "does not answer from its table kafka_topic (of `footpath store migrate`)")
            else:
                metrics.WAITING.labels("clickhouse").set(0)
                return incarnations

    async def _insert(self, columns: Columns, statement: str, block: bytes, rows: int) -> None:
        began = time.perf_counter()
        client = await self._connected()
        try:
            await client.raw_insert(insert_block=_pieces(statement, block), settings=SETTINGS)
        except ERRORS as problem:
            if getattr(problem, "code", None) is None:  # no answer
                await self._leave(client)
            raise
        metrics.INSERT_SECONDS.labels(columns.topic.table).observe(time.perf_counter() - began)
        metrics.ROWS.labels(columns.topic.table).inc(rows)

    async def _connected(self) -> AsyncClient:
        """The client of the address that is used now. :raises Exception: one of ERRORS; the next address has its turn
        then."""
        async with self._connecting:
            if self._client is None:
                try:
                    self._client = await build_client(self._store, self._number)
                except ERRORS:
                    self._number += 1
                    raise
            return self._client

    async def _leave(self, client: AsyncClient) -> None:
        """Turns to the next address, if there is another one; inserts that still run on this one fail and follow."""
        async with self._connecting:
            if client is self._client and len(store_settings(self._store).addresses) > 1:
                self._client = None
                self._number += 1
                await client.close()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()


async def build_client(store: Store, number: int = 0) -> AsyncClient:
    """A client for many concurrent inserts. :param number: of the address, see `client_options`."""
    return await clickhouse_connect.get_async_client(
        **client_options(store, number),
        database=store_settings(store).database,
        send_receive_timeout=INSERT_TIMEOUT_S,
        compress=False,
    )


async def _pieces(statement: str, block: bytes) -> AsyncIterator[bytes]:
    """The request's body in pieces: one large piece would be inspected and copied by clickhouse_connect and aiohttp."""
    yield f"{statement}\n".encode()
    for at in range(0, len(block), PIECE_BYTES):
        yield block[at : at + PIECE_BYTES]


def _name(problem: Exception) -> str:
    """Class, and ClickHouse's error code with its name; its text may quote values of the rows, so no log has it."""
    code, name = getattr(problem, "code", None), getattr(problem, "name", None) or ""
    return (
        type(problem).__name__ if code is None else f"{type(problem).__name__}, ClickHouse error {code} {name}".strip()
    )
