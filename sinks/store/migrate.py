"""Brings a ClickHouse to the state that the SQL files define: each migration once, all views whenever one changed.

Migrations are append-only: a file that was changed after it had been applied is an error. The table `migration` records
what was applied, by feature and number with the SHA-256 of the file; views are recorded there too, with number 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.binding import format_str
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.client_options import first_answering
from sinks.clickhouse.store_settings import Store, store_settings
from sinks.store.scripts import FOLDER, MigrationError, Script, build_render, migrations, views

LEDGER = """
CREATE TABLE IF NOT EXISTS {database}.migration
(
    feature    LowCardinality(String) COMMENT 'Feature of the migration; empty for a view.',
    number     UInt16                 COMMENT 'Number of the migration within its feature; 0 for a view.',
    name       String                 COMMENT 'Name of the file.',
    checksum   String                 COMMENT 'SHA-256 of the file, hex.',
    applied_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was applied (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY (feature, number, name)
COMMENT 'One SQL file that was applied to this database.'
"""

Applied = Mapping[tuple[str, str], str]
"""Checksum of what was applied, by feature (empty for a view) and file name."""


def migrate(store: Store, dry_run: bool = False, folder: Path = FOLDER) -> list[str]:
    """Applies what is missing and returns the steps taken, empty when there were none; blocks until all are done.

    :param store: address of ClickHouse, with user and password where it needs them, or its settings.
    :param dry_run: only return the steps.
    :param folder: has the folders `migrations` and `views`.
    :raises MigrationError: the files are not usable, an applied one was changed, or a newer version wrote the store.
    """
    client, database = first_answering(store, clickhouse_connect.get_client), store_settings(store).database
    try:
        steps = list(_steps(client, database, migrations(folder), views(folder)))
        if not dry_run:
            for _, statement in steps:
                client.command(statement)
        return [text for text, _ in steps if text]
    finally:
        client.close()


def _steps(
    client: Client, database: str, wanted: Sequence[Script], defined: Sequence[Script]
) -> Iterator[tuple[str, str]]:
    """Text and statement of each step; statements that only write to the ledger have no text."""
    applied, render = _applied(client, database), build_render(database, [*wanted, *defined])
    if applied is None:
        yield f"create database {database}", f"CREATE DATABASE IF NOT EXISTS {database}"
        yield "", LEDGER.format(database=database)
        applied = {}
    _check(wanted, applied)
    for script in wanted:
        if (script.group, script.name) not in applied:
            yield f"apply {script.path}", render(script.sql.rstrip().removesuffix(";"))
            yield "", _record(database, script.group, script)
    if any(applied.get(("", view.name)) != view.checksum for view in defined):
        for view in defined:
            yield f"create view {view.stem}", f"{render(view.sql.rstrip())}\nCOMMENT {format_str(view.header)}"
            yield "", _record(database, "", view)


def _applied(client: Client, database: str) -> Applied | None:
    """What the ledger has; None when nothing was ever applied."""
    exists = f"SELECT count() FROM system.tables WHERE database = '{database}' AND name = 'migration'"
    if client.query(exists).result_rows == [(0,)]:
        return None
    rows = client.query(f"SELECT feature, name, checksum FROM {database}.migration FINAL").result_rows
    return {(str(feature), str(name)): str(checksum) for feature, name, checksum in rows}


def _check(wanted: Sequence[Script], applied: Applied) -> None:
    """:raises MigrationError: an applied migration was changed or renamed, or is not among the files."""
    known = {(script.group, script.name): script for script in wanted}
    for place, script in known.items():
        if applied.get(place, script.checksum) != script.checksum:
            raise MigrationError(f"{script.path} was changed after it had been applied: add a new migration instead")
    numbers = {(script.group, script.number): script for script in wanted}
    for feature, name in sorted(applied):
        if feature and (feature, name) not in known:
            if renamed := numbers.get((feature, int(name[:4]))):
                raise MigrationError(f"{renamed.path} was applied to this store as {name}: files keep their names")
            raise MigrationError(
                f"{feature}/{name} was applied to this store but is not among the migrations: a newer version wrote it"
            )


def _record(database: str, feature: str, script: Script) -> str:
    values = f"('{feature}', {script.number}, '{script.name}', '{script.checksum}')"
    return f"INSERT INTO {database}.migration (feature, number, name, checksum) VALUES {values}"
