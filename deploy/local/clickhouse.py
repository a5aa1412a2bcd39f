"""A real single-node ClickHouse 26.9 on this machine: its own HTTP server out of the wheel `chdb-core`.

The wheel contains clickhouse-local, whose engine executes `SYSTEM START LISTEN HTTP`. A process that runs this
statement and then an endless query serves HTTP clients like any ClickHouse server. The engine reads its configuration
from `$HOME/.clickhouse-local/`, hence a private HOME. `chdb._chdb` is no public interface, so the version is pinned.

    python -m deploy.local.clickhouse --directory DIR --port PORT

serves until SIGTERM or SIGINT. Data, with the Atomic database `footpath`, survives restarts and `kill -9`.
"""

import argparse
import asyncio
import importlib
import importlib.util
import multiprocessing
import os
import signal
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.local import clickhouse_config
from deploy.local.ports import LOCALHOST
from deploy.private_file import write_private

DATABASE = "footpath"
ENDLESS_QUERY = "footpath-keeper"  # marks the endless query, so that a stop can kill it
PING_TIMEOUT_S = 2.0
STOP_ATTEMPT_S = 5.0


class MissingPackageError(Exception):
    """The ClickHouse wheel is not installed; the text says what to do."""


def url(port: int) -> str:
    return f"http://{LOCALHOST}:{port}"


def prepare() -> None:
    """Raises `MissingPackageError` unless the wheel is installed."""
    if importlib.util.find_spec("chdb") is None:
        raise MissingPackageError(
            "the package chdb-core (the embedded ClickHouse) is missing: pip install chdb-core==26.9.0, "
            "or set FOOTPATH_CLICKHOUSE to a ClickHouse that runs already"
        )


def command(directory: Path, port: int, password_file: Path | None = None) -> list[str]:
    """The argv of a server on `directory`; SIGTERM stops it in order.

    :param password_file: of the user that may change something, see `clickhouse_config.users_xml`.
    """
    options = ["--directory", str(directory), "--port", str(port)]
    if password_file is not None:
        options += ["--password-file", str(password_file)]
    return [sys.executable, "-m", "deploy.local.clickhouse", *options]


async def is_serving(base: str) -> bool:
    """Whether the server at `base` (a URL) answers its ping."""
    return await asyncio.to_thread(_ping, without_user(base))


def without_user(base: str) -> str:
    """The URL without the user and password that it may carry."""
    parts = urllib.parse.urlsplit(base)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def serve(directory: Path, port: int, password: str) -> int:
    """Serves until SIGTERM or SIGINT, then waits for running queries and merges; returns the exit code. Blocks."""
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    directory.mkdir(parents=True, exist_ok=True)
    if not _database_exists(directory):
        write_config(directory, port, None, password)
        once = multiprocessing.get_context("spawn").Process(target=_create_database, args=(directory,))
        once.start()  # in a child process, because one process can open the engine only once
        once.join()
    write_config(directory, port, DATABASE, password)
    query = _build_query(directory)
    ended = threading.Event()
    threading.Thread(target=_run_server, args=(query, stop, ended), name="clickhouse").start()
    while not (stop.wait(0.2) or ended.is_set()):
        pass
    if ended.is_set():
        return 1
    while not ended.wait(0.5):
        _kill_endless_query(url(port), password)
    return 0


def write_config(directory: Path, port: int, start_in: str | None, password: str) -> None:
    """Writes the configuration for this start; data is not touched.

    :param start_in: default database of a client; it must exist. None for none.
    """
    etc = directory / "home" / ".clickhouse-local"
    for part in (etc, directory / "user_files"):
        part.mkdir(parents=True, exist_ok=True)
    write_private(etc / "config.xml", clickhouse_config.config_xml(directory, port, password))
    write_private(etc / "users.xml", clickhouse_config.users_xml(start_in, password))


def _database_exists(directory: Path) -> bool:
    return (directory / "data" / "metadata" / f"{DATABASE}.sql").exists()


def _create_database(directory: Path) -> None:
    _build_query(directory)(f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic")


def _build_query(directory: Path) -> Callable[[str], None]:
    """A function that opens the data, runs SQL, and closes the data."""
    os.chdir(directory)
    os.environ.update(HOME=str(directory), TZ="UTC")
    # Importing the package opens an engine in memory, which must not read this configuration.
    package: Any = importlib.import_module("chdb")
    engine = package._chdb

    os.environ["HOME"] = str(directory / "home")
    engine.set_signal_handlers_enabled(0)

    def query(sql: str) -> None:
        engine.query(sql, "TabSeparated", path=str(directory / "data"))

    return query


def _run_server(query: Callable[[str], None], stop: threading.Event, ended: threading.Event) -> None:
    endless = f"SELECT sleepEachRow(1), '{ENDLESS_QUERY}' FROM system.numbers FORMAT Null SETTINGS max_block_size = 1"
    try:
        query(f"SYSTEM START LISTEN HTTP;\n{endless}")
    except Exception as problem:  # KILL QUERY of the endless query raises too
        if not stop.is_set():
            print(problem, file=sys.stderr, flush=True)
    finally:
        ended.set()


def _kill_endless_query(base: str, password: str) -> None:
    query = f"KILL QUERY WHERE query LIKE 'SELECT sleepEachRow%{ENDLESS_QUERY}%'"
    user = {"X-ClickHouse-User": clickhouse_config.OWNER, "X-ClickHouse-Key": password} if password else {}
    try:
        urllib.request.urlopen(urllib.request.Request(base, query.encode(), user), timeout=STOP_ATTEMPT_S).read()
    except OSError as problem:
        print(f"stopping: {problem}", file=sys.stderr, flush=True)


def _ping(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base.rstrip('/')}/ping", timeout=PING_TIMEOUT_S) as answer:
            return bool(answer.read() == b"Ok.\n")
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.clickhouse")
    parser.add_argument("--directory", type=Path, required=True, help="holds data and configuration")
    parser.add_argument("--port", type=int, required=True, help="HTTP port on 127.0.0.1")
    parser.add_argument(
        "--password-file", type=Path, help="has the password of the user footpath, without it all may write"
    )
    options = parser.parse_args()
    password = options.password_file.read_text().strip() if options.password_file else ""
    sys.exit(serve(options.directory.resolve(), options.port, password))


if __name__ == "__main__":
    main()
