"""The store, as commands reach it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from deploy.environment import hush_libraries
from deploy.errors import Refused
from deploy.target import read_clickhouse

NOT_MIGRATED = ("UNKNOWN_TABLE", "UNKNOWN_DATABASE")


@contextmanager
def reached(environ: Mapping[str, str]) -> Iterator[Client]:
    """FOOTPATH_CLICKHOUSE, or that of the stack here. :raises Refused: it does not answer, or has no views."""
    hush_libraries()
    try:
        client = clickhouse_connect.get_client(
            dsn=read_clickhouse(environ), database="footpath", autogenerate_session_id=False
        )
        try:
            yield client
        finally:
            client.close()
    except ClickHouseError as error:
        # The address is not repeated: it may have a password in it.
        if any(name in str(error) for name in NOT_MIGRATED):
            raise Refused("FOOTPATH_CLICKHOUSE: not all views are there: run `footpath store migrate`") from None
        raise Refused(f"FOOTPATH_CLICKHOUSE: ClickHouse does not answer or refuses: {error}") from None
