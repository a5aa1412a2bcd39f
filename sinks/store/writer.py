"""Writes blocks into ClickHouse: waits as long as it is away, fails loudly when it refuses what it is given."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence

import aiohttp
import clickhouse_connect
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from sinks import metrics
from sinks.columns import Body, Columns
from sinks.sealed import Run, Sealed

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
INSERT_TIMEOUT_S = 120
PIECE_BYTES = 256 << 10
PASSING = frozenset(
    {
        3,
        60,
        81,
        159,
        160,
        164,
        198,
        202,
        209,
        210,
        236,
        241,
        242,
        243,
        252,
        319,
        394,
        425,
        439,
        516,
        999,
    }
)
"""ClickHouse's error codes that pass by themselves: not migrated yet, too busy, no memory or disk, shutting down."""

# Rows with one key become one when parts are merged, and for a reader with FINAL at once. Doing it while inserting
# would be a quarter of ClickHouse's work.
SETTINGS = {"wait_end_of_query": 1, "optimize_on_insert": 0}
PROBLEMS = (TimeoutError, ClickHouseError, aiohttp.ClientError, OSError)

log = logging.getLogger(__name__)


class Refused(Exception):
    """ClickHouse does not take a block for what is in it: a bug. The message names topic, partition and offset."""


class Writer:
    """Inserts blocks; one per process, used by all agents at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()

    async def offer(self, sealed: Sealed, runs: Sequence[Run]) -> bool:
        """Tries once to insert unchecked records; False leaves open why they are not in the table."""
        rows = sum(len(run.values) for run in runs)
        try:
            await self._insert(sealed.columns, sealed.insert, sealed.block(runs), rows)
        except PROBLEMS as problem:
            log.info("ClickHouse does not take %d unchecked rows of %s: %s", rows, sealed.columns.topic.table, problem)
            return False
        return True

    async def write(self, columns: Columns, bodies: Sequence[Body]) -> None:
        """Returns once the rows of checked bodies are in the table, however long that takes.

        :raises Refused: the server answered that the block is wrong.
        """
        block = columns.block(bodies)
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._insert(columns, columns.insert, block, len(bodies))
            except PROBLEMS as problem:
                if not passes(problem):
                    partition, offset, _ = bodies[0]
                    where = f"{columns.topic.name} partition {partition} from offset {offset}, {len(bodies)} rows"
                    raise Refused(f"ClickHouse refuses {where}: {problem}") from problem
                metrics.WAITING.labels("clickhouse").set(1)
                log.warning(
                    "ClickHouse does not take %s, next try in %.1f s: %s",
                    columns.topic.table,
                    pause_s,
                    problem,
                )
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                metrics.WAITING.labels("clickhouse").set(0)
                return

    async def _insert(self, columns: Columns, statement: str, block: bytes, rows: int) -> None:
        began = time.perf_counter()
        async with self._connecting:
            if self._client is None:
                self._client = await build_client(self._url)
        await self._client.raw_insert(insert_block=_pieces(statement, block), settings=SETTINGS)
        metrics.INSERT_SECONDS.labels(columns.topic.table).observe(time.perf_counter() - began)
        metrics.ROWS.labels(columns.topic.table).inc(rows)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()


async def build_client(url: str) -> AsyncClient:
    return await clickhouse_connect.get_async_client(
        dsn=url, autogenerate_session_id=False, send_receive_timeout=INSERT_TIMEOUT_S, compress=False
    )


async def _pieces(statement: str, block: bytes) -> AsyncIterator[bytes]:
    """The request's body. Given as one piece, clickhouse_connect and aiohttp would look at it and copy it."""
    yield f"{statement}\n".encode()
    for at in range(0, len(block), PIECE_BYTES):
        yield block[at : at + PIECE_BYTES]


def passes(problem: Exception) -> bool:
    """Whether the same insert may succeed later: no answer, or one that is not about the rows."""
    code = getattr(problem, "code", None)
    return code is None or code in PASSING
