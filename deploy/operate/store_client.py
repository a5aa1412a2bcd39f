"""The connection of a command to ClickHouse."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from deploy.operate.client_logs import silence_client_logs
from deploy.target import read_clickhouse
from schemas.process.errors import OperatorError
from sinks.clickhouse.client_options import first_answering

NOT_MIGRATED = ("UNKNOWN_TABLE", "UNKNOWN_DATABASE")


@contextmanager
def connect(environ: Mapping[str, str]) -> Iterator[Client]:
    """A client of FOOTPATH_CLICKHOUSE, by default of the stack in FOOTPATH_DATA, in its database.

    Errors of queries inside the block are translated as well.

    :raises OperatorError: ClickHouse does not answer, refuses a query, or has not been migrated.
    """
    silence_client_logs()
    try:
        store = read_clickhouse(environ)
        client = first_answering(store, clickhouse_connect.get_client, database=store.database)
        try:
            yield client
        finally:
            client.close()
    except ClickHouseError as error:
        # The message does not repeat the address, which may contain a password.
        if any(name in str(error) for name in NOT_MIGRATED):
            raise OperatorError("FOOTPATH_CLICKHOUSE: not all views are there: run `footpath store migrate`") from None
        raise OperatorError(f"FOOTPATH_CLICKHOUSE: ClickHouse does not answer or refuses: {error}") from None
