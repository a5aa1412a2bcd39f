"""ClickHouse with TLS, an authority of its own, a password file and several addresses."""

from pathlib import Path
from urllib.parse import urlsplit

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

from schemas.process.settings import SettingError, read_settings
from sinks.clickhouse.client_options import client_options, first_answering
from sinks.clickhouse.store_settings import StoreSettings
from sinks.clickhouse.writer import ERRORS, build_client
from tests.support.certificates import Authority
from tests.support.command_line import footpath
from tests.support.servers import ClickHouseServer
from tests.support.tls_front import TlsFront

AWAY = "http://127.0.0.1:1"


def read(**values: str) -> StoreSettings:
    names = {f"FOOTPATH_CLICKHOUSE{name.strip('_') and '_' + name}": value for name, value in values.items()}
    return read_settings(StoreSettings, names)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"_": "store:8123"}, "FOOTPATH_CLICKHOUSE=…: must be one or more addresses"),
        ({"_": "http://ann:pa/ss@store:8123"}, "FOOTPATH_CLICKHOUSE=…: must be one or more addresses"),
        ({"_": "http://a:1,b:2"}, "FOOTPATH_CLICKHOUSE=…: must be one or more addresses"),
        ({"_": "https://a:1", "CA_FILE": "/nowhere"}, "FOOTPATH_CLICKHOUSE_CA_FILE=/nowhere: No such file"),
        ({"PASSWORD_FILE": "/nowhere"}, "FOOTPATH_CLICKHOUSE_PASSWORD_FILE=/nowhere: No such file"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_named(values: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as refused:
        read(**values)
    assert message in str(refused.value) and "ann:" not in str(refused.value)


def test_a_setting_without_effect_is_named(tmp_path: Path) -> None:
    authority = str(Authority(tmp_path).file)
    (tmp_path / "password").write_text("x")
    with pytest.raises(SettingError, match="FOOTPATH_CLICKHOUSE_CA_FILE is set, and FOOTPATH_CLICKHOUSE has no https"):
        read(_="http://a:1", CA_FILE=authority)
    with pytest.raises(SettingError, match="are both set"):
        read(PASSWORD="x", PASSWORD_FILE=str(tmp_path / "password"))


def test_every_address_gets_the_same_and_no_text_has_a_password(tmp_path: Path) -> None:
    authority = str(Authority(tmp_path).file)
    (tmp_path / "password").write_text("pa/ss\n")
    settings = read(
        _="https://a:1, http://b:2", USER="ann", PASSWORD_FILE=str(tmp_path / "password"), CA_FILE=authority
    )
    first, second, third = (client_options(settings, number) for number in range(3))
    assert (first["dsn"], second["dsn"], third["dsn"]) == ("https://a:1", "http://b:2", "https://a:1")
    assert first["ca_cert"] == authority and "ca_cert" not in second
    assert {(one["username"], one["password"]) for one in (first, second)} == {("ann", "pa/ss")}
    hidden = read(_="http://ann:hidden@a:1", PASSWORD="secret")
    assert hidden.shown == "http://a:1" and "hidden" not in repr(hidden) + hidden.shown and "secret" not in repr(hidden)


async def test_an_authority_of_ones_own_is_trusted_and_no_other(clickhouse: ClickHouseServer, tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path), Authority(tmp_path / "stranger", "stranger")
    with TlsFront(urlsplit(clickhouse.url).port or 0, authority.sign("store")) as front:
        trusted = read(_=front.url, CA_FILE=str(authority.file))
        client = first_answering(trusted, clickhouse_connect.get_client)
        assert client.query("SELECT 1").result_rows == [(1,)]
        client.close()
        inserting = await build_client(trusted)
        assert (await inserting.query("SELECT 1")).result_rows == [(1,)]
        await inserting.close()
        for other in (read(_=front.url), read(_=front.url, CA_FILE=str(stranger.file))):
            with pytest.raises(ClickHouseError, match="certificate"):
                first_answering(other, clickhouse_connect.get_client)
            with pytest.raises(ERRORS):
                await build_client(other)
        done = footpath(
            "store", "migrate", FOOTPATH_CLICKHOUSE=front.url, FOOTPATH_CLICKHOUSE_CA_FILE=str(stranger.file)
        )
        assert done.returncode == 1 and "FOOTPATH_CLICKHOUSE: ClickHouse does not answer or refuses" in done.stderr
        assert "certificate" in done.stderr


def test_what_clickhouse_refuses_stops_a_sink_at_its_start(clickhouse: ClickHouseServer, tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path), Authority(tmp_path / "stranger", "stranger")
    with TlsFront(urlsplit(clickhouse.url).port or 0, authority.sign("store")) as front:
        wrong = {"FOOTPATH_CLICKHOUSE_USER": "nobody", "FOOTPATH_CLICKHOUSE_PASSWORD": "secret"}
        for settings, message in (
            (
                {"FOOTPATH_CLICKHOUSE": f"{AWAY},{clickhouse.url}"} | wrong,
                "refuses its user or FOOTPATH_CLICKHOUSE_USER=nobody",
            ),
            (
                {"FOOTPATH_CLICKHOUSE": front.url, "FOOTPATH_CLICKHOUSE_CA_FILE": str(stranger.file)},
                f"FOOTPATH_CLICKHOUSE_CA_FILE={stranger.file}: the certificate of {front.url} is not trusted",
            ),
        ):
            done = footpath("sink", FOOTPATH_KAFKA="127.0.0.1:1", **settings)
            last = done.stderr.splitlines()[-1]
            assert done.returncode == 1 and message in last and "secret" not in done.stderr, done.stderr


def test_a_command_takes_the_first_address_that_answers(clickhouse: ClickHouseServer) -> None:
    client = first_answering(read(_=f"{AWAY},{clickhouse.url}"), clickhouse_connect.get_client)
    assert client.query("SELECT 1").result_rows == [(1,)]
    client.close()
    with pytest.raises(ClickHouseError):
        first_answering(f"{AWAY},{AWAY}", clickhouse_connect.get_client)
