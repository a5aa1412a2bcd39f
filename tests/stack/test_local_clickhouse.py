"""The embedded ClickHouse: a real server, whose data survives kill -9, closed to the file system."""

import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import pytest

from deploy.local import clickhouse as embedded
from deploy.local import ports
from tests.support.hangs import HANG_S
from tests.support.servers import ClickHouseServer, start_clickhouse


@pytest.fixture
def own_clickhouse(tmp_path: Path) -> Iterator[ClickHouseServer]:
    part = start_clickhouse(tmp_path / "clickhouse")
    yield part
    part.stop()


def test_inserted_rows_survive_kill_9(own_clickhouse: ClickHouseServer) -> None:
    url = own_clickhouse.url
    ask(url, "CREATE TABLE visit (id UInt64) ENGINE = ReplacingMergeTree ORDER BY id")
    ask(url, "INSERT INTO visit SELECT number FROM numbers(100000)")
    own_clickhouse.kill()
    took_s = own_clickhouse.start()
    ask(url, "INSERT INTO visit SELECT number FROM numbers(99990, 20)")
    assert ask(url, "SELECT count() FROM visit FINAL") == "100010"
    assert took_s < 20


def test_a_stop_in_order_ends_well_and_keeps_everything(own_clickhouse: ClickHouseServer) -> None:
    ask(own_clickhouse.url, "CREATE TABLE visit (id UInt64) ENGINE = MergeTree ORDER BY id")
    ask(own_clickhouse.url, "INSERT INTO visit VALUES (1), (2)")
    assert own_clickhouse.stop() == 0
    own_clickhouse.start()
    assert ask(own_clickhouse.url, "SELECT sum(id) FROM visit") == "3"


ASK = "import sys, urllib.request as u; u.urlopen(sys.argv[1], sys.argv[2].encode())"
SLOW = "SELECT sleepEachRow(0.1) FROM numbers(600) SETTINGS max_block_size = 1"


def test_a_stop_works_while_a_query_runs(own_clickhouse: ClickHouseServer) -> None:
    slow = subprocess.Popen(
        [sys.executable, "-c", ASK, own_clickhouse.url, SLOW],
        stderr=subprocess.DEVNULL,
    )
    try:
        while "sleepEachRow(0.1)" not in ask(own_clickhouse.url, "SHOW PROCESSLIST"):
            assert slow.poll() is None
        assert own_clickhouse.stop() == 0
    finally:
        slow.kill()
        slow.wait()


def test_who_asks_lands_in_footpath_and_in_utc(clickhouse: ClickHouseServer) -> None:
    assert ask(clickhouse.url, "SELECT currentDatabase(), timezone()") == "footpath\tUTC"
    assert ask(clickhouse.url, "SELECT engine FROM system.databases WHERE name = 'footpath'") == "Atomic"


def test_the_usual_client_works(clickhouse: ClickHouseServer) -> None:
    client = clickhouse_connect.get_client(dsn=clickhouse.url, autogenerate_session_id=False)
    client.command("CREATE OR REPLACE TABLE usual (id UInt64, name String) ENGINE = MergeTree ORDER BY id")
    client.insert("usual", [[1, "shelf"], [2, "door"]], column_names=["id", "name"])
    assert client.query("SELECT name FROM usual ORDER BY id").result_rows == [("shelf",), ("door",)]
    client.command("DROP TABLE usual")
    client.close()


def test_mutations_and_parameterised_views_work(clickhouse: ClickHouseServer) -> None:
    url = clickhouse.url
    ask(url, "CREATE OR REPLACE TABLE number (id UInt64) ENGINE = MergeTree ORDER BY id")
    ask(url, "INSERT INTO number SELECT number FROM numbers(10)")
    ask(url, "ALTER TABLE number DELETE WHERE id < 3 SETTINGS mutations_sync = 1")
    ask(url, "CREATE OR REPLACE VIEW above AS SELECT id FROM number WHERE id > {least:UInt64}")
    assert ask(url, "SELECT count() FROM above(least = 4)") == "5"
    ask(url, "DROP VIEW above")
    ask(url, "DROP TABLE number")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM file('/etc/hosts', 'LineAsString')",
        "SELECT * FROM default.`/etc/hosts`",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM remote('127.0.0.1:1', system.one)",
        "INSERT INTO FUNCTION file('out.csv') SELECT 1",
        "CREATE TABLE stolen (line String) ENGINE = File(LineAsString, '/etc/hosts')",
        "SELECT * FROM executable('id', 'LineAsString', 'line String')",
    ],
)
def test_nobody_reads_files_or_other_servers_through_it(clickhouse: ClickHouseServer, query: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(clickhouse.url, query)
    assert "ACCESS_DENIED" in refused.value.read().decode()


def test_memory_is_bounded(clickhouse: ClickHouseServer) -> None:
    setting = "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'"
    found = ask(clickhouse.url, setting)
    assert 0 < int(found) < 1_500_000_000


def test_a_second_server_on_the_same_data_says_so(own_clickhouse: ClickHouseServer, tmp_path: Path) -> None:
    second = run_to_its_end(tmp_path / "clickhouse", ports.free())
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert ask(own_clickhouse.url, "SELECT 1") == "1"


def test_a_port_in_use_ends_the_server(clickhouse: ClickHouseServer, tmp_path: Path) -> None:
    port = urllib.parse.urlsplit(clickhouse.url).port
    assert port is not None
    ended = run_to_its_end(tmp_path / "clickhouse", port)
    assert ended.returncode == 1
    assert "already in use" in ended.stderr


def run_to_its_end(directory: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(embedded.command(directory, port), capture_output=True, text=True, timeout=HANG_S)


def ask(url: str, query: str) -> str:
    """The answer's text; a refusal raises `HTTPError` with ClickHouse's message as its body."""
    with urllib.request.urlopen(url, query.encode(), timeout=HANG_S) as answer:
        return answer.read().decode().strip()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server as a stack runs it, with the password `secret` for its owner."""
    folder, port = tmp_path_factory.mktemp("guarded"), ports.free()
    password = folder / "password"
    password.write_text("secret\n")
    server = ClickHouseServer(
        argv=embedded.command(folder, port, password),
        log=folder / "clickhouse.log",
        is_serving=lambda: embedded.is_serving(embedded.url(port)),
        url=embedded.url(port),
    )
    server.start()
    yield server.url
    assert server.stop() == 0, "a stop needs the password, too"


def answer(url: str, query: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers of a query that a page or a program sends."""
    request = urllib.request.Request(url, query.encode(), {name.replace("_", "-"): v for name, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=HANG_S) as response:
            return response.status, response.read().decode(), dict(response.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


OWNER = {"X_ClickHouse_User": "footpath", "X_ClickHouse_Key": "secret"}


def test_who_has_no_password_reads_and_changes_nothing(guarded: str) -> None:
    assert answer(guarded, "CREATE TABLE IF NOT EXISTS mine (a Int8) ENGINE = Memory", **OWNER)[0] == 200
    for statement in (
        "CREATE TABLE other (a Int8) ENGINE = Memory",
        "INSERT INTO mine VALUES (1)",
        "DROP TABLE mine",
        "TRUNCATE TABLE mine",
        "ALTER TABLE mine ADD COLUMN b Int8",
        "SYSTEM FLUSH LOGS",
        "SET readonly = 0",
        "INSERT INTO FUNCTION file('a.csv') SELECT 1",
        "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a Int8')",
    ):
        assert answer(guarded, statement, Origin="https://evil.example", Content_Type="text/plain")[0] != 200, statement
    assert answer(guarded, "SELECT count() FROM mine")[:2] == (200, "0\n")
    assert answer(f"{guarded}/?readonly=0", "INSERT INTO mine VALUES (1)")[0] != 200
    wrong = {**OWNER, "X_ClickHouse_Key": "guess"}
    assert answer(guarded, "SELECT 1", **wrong)[0] != 200


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("user=default", {}),
        ("user=default&password=", {}),
        ("user=footpath&password=secret", {}),
        ("", {"X_ClickHouse_User": "default"}),
        ("", {"X_ClickHouse_User": "default", "X_ClickHouse_Key": ""}),
        ("", {"Authorization": "Basic " + b64encode(b"default:").decode()}),
        ("", {"Authorization": "basic " + b64encode(b"default:").decode()}),
        ("user=default", {"X_ClickHouse_User": "reader"}),
        ("user=default", {"Authorization": "Basic " + b64encode(b"reader:").decode()}),
        ("user=default", OWNER),
        ("", {"X_ClickHouse_User": "reader", "Authorization": "Basic " + b64encode(b"default:").decode()}),
    ],
)
def test_nobody_becomes_the_engines_own_user(guarded: str, query: str, headers: dict[str, str]) -> None:
    status, text, _ = answer(f"{guarded}/?{query}", "SELECT currentUser()", **headers)
    assert status != 200 or text == "reader\n"


def test_who_has_the_password_changes_something(guarded: str) -> None:
    """By either header that programs send."""
    basic = {"Authorization": "Basic " + b64encode(b"footpath:secret").decode()}
    for headers in (OWNER, basic):
        assert answer(guarded, "SELECT currentUser()", **headers)[:2] == (200, "footpath\n")
        assert answer(guarded, "CREATE TABLE IF NOT EXISTS mine (a Int8) ENGINE = Memory", **headers)[0] == 200


@pytest.mark.parametrize("user", [{}, OWNER])
def test_no_page_of_another_origin_reads_an_answer(guarded: str, user: dict[str, str]) -> None:
    """Neither by the switch in the query, nor under a name that was bound to this machine."""
    evil = {"Origin": "https://evil.example", **user}
    status, text, _ = answer(f"{guarded}/?add_http_cors_header=1", "SELECT 'can' || 'ary'", **evil)
    assert status != 200 and "canary" not in text, "what may be read is the error"
    plain = answer(guarded, "SELECT 1", **evil)
    assert plain[0] == 200 and "Access-Control-Allow-Origin" not in plain[2]
    port = guarded.rpartition(":")[2]
    for name in ("evil.example", "127.0.0.1.evil.example", "localhost.evil", "127.0.0.1@evil", "evil/127.0.0.1"):
        for host in (name, f"{name}:{port}"):
            assert answer(guarded, "SELECT 1", Host=host, **user)[0] in (400, 404), host
    assert answer(guarded, "SELECT 1", Host=f"localhost:{port}", **user)[:2] == (200, "1\n")


def test_its_page_is_there_for_this_machine(guarded: str) -> None:
    with urllib.request.urlopen(f"{guarded}/play", timeout=HANG_S) as page:
        assert b"<html" in page.read().lower()


def test_its_configuration_is_a_secret(guarded: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    files = list(tmp_path_factory.getbasetemp().glob("guarded0/home/.clickhouse-local/*.xml"))
    assert len(files) == 2 and all(file.stat().st_mode & 0o077 == 0 for file in files)
