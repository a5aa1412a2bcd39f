"""Brings a ClickHouse to what the files here say: numbered migrations once each, views whenever one of them changed.

Migrations are append-only: an applied file that was changed since is an error. What was applied is kept in the table
`migration`; views are kept there too, with number 0.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.binding import format_str
from clickhouse_connect.driver.client import Client

DATABASE = "footpath"
FOLDER = Path(__file__).parent
_NUMBERED = re.compile(r"(\d{4})_(\w+)\.sql")
_REFERENCE = re.compile(rf"\b{DATABASE}\.(\w+)")

LEDGER = f"""
CREATE TABLE IF NOT EXISTS {DATABASE}.migration
(
    number     UInt16              COMMENT 'Number of the migration; 0 for a view.',
    name       String              COMMENT 'Name of the file.',
    checksum   String              COMMENT 'SHA-256 of the file, hex.',
    applied_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When it was applied (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY (number, name)
COMMENT 'What was applied to this database.'
"""


class MigrationError(Exception):
    """The files and the store do not fit; the message names the file."""


@dataclass(frozen=True, slots=True)
class Script:
    """One file: its number (0 for a view), file name, text, and SHA-256."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def subject(self) -> str:
        """Name of the object that a view's file makes."""
        return self.name.removesuffix(".sql")

    @property
    def header(self) -> str:
        """The comment that opens the file, without its dashes."""
        lines = self.sql.split("\n\n", 1)[0].splitlines()
        return "\n".join(line.removeprefix("--").removeprefix(" ") for line in lines)


def migrations(folder: Path = FOLDER / "migrations") -> list[Script]:
    """The migrations in their order. :raises MigrationError: a name without number, or a number given twice."""
    scripts: list[Script] = []
    for path in sorted(folder.glob("*.sql")):
        match = _NUMBERED.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: must be named NNNN_verb_object.sql")
        number = int(match[1])
        if scripts and scripts[-1].number == number:
            raise MigrationError(f"{path.name}: the number is that of {scripts[-1].name}")
        scripts.append(Script(number, path.name, path.read_text(encoding="utf-8")))
    return scripts


def views(folder: Path = FOLDER / "views") -> list[Script]:
    """The views, each after those that it reads."""
    scripts = {path.stem: Script(0, path.name, path.read_text(encoding="utf-8")) for path in folder.glob("*.sql")}
    reads = {
        name: sorted(set(_REFERENCE.findall(script.sql)) & scripts.keys() - {name}) for name, script in scripts.items()
    }
    return [scripts[name] for name in TopologicalSorter(dict(sorted(reads.items()))).static_order()]


def migrate(url: str, dry_run: bool = False) -> list[str]:
    """Applies what is missing and returns the steps, empty when nothing was; ``dry_run`` only tells them.

    :param url: address of ClickHouse, with user and password where it needs them.
    :raises MigrationError: an applied migration was changed, or the store was written by a newer version.
    """
    client = clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False)
    try:
        steps = list(_steps(client))
        if not dry_run:
            for _, statement in steps:
                client.command(statement)
        return [said for said, statement in steps if said]
    finally:
        client.close()


def _steps(client: Client) -> Iterator[tuple[str, str]]:
    """What to say and what to run; bookkeeping goes without saying."""
    applied = _applied(client)
    if applied is None:
        yield f"create database {DATABASE}", f"CREATE DATABASE IF NOT EXISTS {DATABASE}"
        yield "", LEDGER
        applied = {}
    wanted = migrations()
    _check(wanted, applied)
    for script in wanted:
        if script.name not in applied:
            yield f"apply {script.name}", script.sql.rstrip().removesuffix(";")
            yield "", _record(script)
    defined = views()
    if any(applied.get(view.name) != view.checksum for view in defined):
        for view in defined:
            yield f"create view {view.subject}", f"{view.sql.rstrip()}\nCOMMENT {format_str(view.header)}"
            yield "", _record(view)


def _applied(client: Client) -> dict[str, str] | None:
    """Checksum by file name; None when nothing was ever applied."""
    known = f"SELECT count() FROM system.tables WHERE database = '{DATABASE}' AND name = 'migration'"
    if client.query(known).result_rows == [(0,)]:
        return None
    rows = client.query(f"SELECT name, checksum FROM {DATABASE}.migration FINAL").result_rows
    return {str(name): str(checksum) for name, checksum in rows}


def _check(wanted: list[Script], applied: dict[str, str]) -> None:
    for script in wanted:
        if applied.get(script.name, script.checksum) != script.checksum:
            raise MigrationError(f"{script.name} was changed after it had been applied: add a new migration instead")
    unknown = sorted(name for name in applied if _NUMBERED.fullmatch(name) and name not in {s.name for s in wanted})
    if unknown:
        raise MigrationError(
            f"{unknown[0]} was applied to this store but is not among the migrations: a newer version wrote it"
        )


def _record(script: Script) -> str:
    values = f"({script.number}, '{script.name}', '{script.checksum}')"
    return f"INSERT INTO {DATABASE}.migration (number, name, checksum) VALUES {values}"
