"""`footpath store`: the tables and views in ClickHouse."""

import os
from typing import Annotated

from cyclopts import App, Parameter

from deploy.cli import SET_IT_UP, Command
from schemas.process.errors import OperatorError

store = App(help="Create the tables and views in ClickHouse.")


@store.command
def migrate(*, dry_run: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Create or upgrade tables and views on FOOTPATH_CLICKHOUSE, by default on the stack in FOOTPATH_DATA.

    Parameters
    ----------
    dry_run
        Print what would be done, and change nothing.
    """
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from deploy.operate.client_logs import silence_client_logs
    from deploy.target import read_clickhouse
    from sinks.store.migrate import migrate as apply_migrations
    from sinks.store.scripts import MigrationError

    silence_client_logs()
    try:
        steps = apply_migrations(read_clickhouse(os.environ), dry_run)
    except MigrationError as error:
        raise OperatorError(str(error)) from None
    except ClickHouseError as error:
        raise OperatorError(f"FOOTPATH_CLICKHOUSE: ClickHouse does not answer or refuses: {error}") from None
    print("\n".join(steps) or "keep   every table and view")


COMMAND = Command(store, SET_IT_UP)
