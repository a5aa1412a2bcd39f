"""The tables may be in a database of another name, beside another store on the same server."""

from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import pytest

from schemas.topics import TOUCHPOINT_IDENTIFIED
from sinks.clickhouse.store_settings import StoreSettings
from sinks.store.migrate import migrate
from tests.sinks.test_serve import COUNT, encoded, eventually, publish, scans, sink
from tests.support.command_line import footpath
from tests.support.servers import KafkaServer
from tests.support.sink_store import Store

DATABASE = "retail_shop"


@pytest.fixture
def other(store: Store) -> Iterator[StoreSettings]:
    yield StoreSettings(given=store.part.url, database=DATABASE)
    store.client.command(f"DROP DATABASE IF EXISTS {DATABASE} SYNC")


def test_a_store_of_another_name_gets_tables_rows_and_rebuilds(
    stream: KafkaServer, store: Store, other: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert migrate(other)[0] == f"create database {DATABASE}"
    assert migrate(other) == [], "the replay twin"
    client = clickhouse_connect.get_client(dsn=store.part.url, database=DATABASE, autogenerate_session_id=False)
    monkeypatch.setenv("FOOTPATH_CLICKHOUSE_DATABASE", DATABASE)
    with sink(stream, store, tmp_path / "log"):
        publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(100))))
        eventually(lambda: client.query(COUNT).result_rows == [(100,)], "the rows")
    assert store.one(COUNT) == 0, "the store beside it has none"
    objects = "SELECT name, engine, comment FROM system.tables WHERE database = '{}' ORDER BY name"
    assert client.query(objects.format(DATABASE)).result_rows == client.query(objects.format("footpath")).result_rows
    others = f"SELECT name FROM system.tables WHERE database = '{DATABASE}' AND match(as_select, 'footpath[.][a-z_]+ ')"
    assert client.query(others).result_rows == [], "no view reads the store beside it"
    environment = {
        "FOOTPATH_KAFKA": stream.bootstrap,
        "FOOTPATH_CLICKHOUSE": store.part.url,
        "FOOTPATH_CLICKHOUSE_DATABASE": DATABASE,
    }
    for more in (("--check",), (), ("--check",)):
        done = footpath("replay", "topic", "touchpoint-identified", *more, **environment)
        assert done.returncode == 0 and "different" not in done.stdout, done.stdout + done.stderr
    assert client.query(COUNT).result_rows == [(100,)]
    client.close()


@pytest.mark.parametrize("name", ["1shop", "shop-1", "shop; DROP DATABASE footpath", "a.b"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    done = footpath("store", "migrate", FOOTPATH_CLICKHOUSE="http://127.0.0.1:1", FOOTPATH_CLICKHOUSE_DATABASE=name)
    assert done.returncode == 1 and f"FOOTPATH_CLICKHOUSE_DATABASE={name}: must be a name" in done.stderr
