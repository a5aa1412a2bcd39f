"""TLS follows the scheme of the address, never its port."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

from deploy.operate.store_client import connect
from schemas.process.errors import OperatorError
from sinks.clickhouse.client_options import client_options
from sinks.store.migrate import migrate
from tests.support.hangs import HANG_S

TLS_HANDSHAKE = b"\x16\x03"
"""First bytes of a ClientHello: a handshake record (RFC 8446, 5.1)."""


def through_a_command(url: str) -> None:
    with connect({"FOOTPATH_CLICKHOUSE": url}):
        pass


CLIENTS: dict[str, Callable[[str], Any]] = {
    "the sink": lambda url: clickhouse_connect.get_client(**client_options(url)),
    "store migrate": migrate,
    "a command": through_a_command,
}


def first_bytes(listener: socket.socket) -> bytes:
    """Of the first connection; further ones are refused."""
    with listener:
        connection, _ = listener.accept()
    with connection:
        return connection.recv(2)


@pytest.mark.parametrize(("scheme", "expected"), [("https", TLS_HANDSHAKE), ("HTTPS", TLS_HANDSHAKE), ("http", b"GE")])
@pytest.mark.parametrize("client", CLIENTS)
def test_the_scheme_decides_on_any_port(client: str, scheme: str, expected: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(HANG_S)
    port = listener.getsockname()[1]
    with ThreadPoolExecutor(1) as server:
        seen = server.submit(first_bytes, listener)
        with pytest.raises((ClickHouseError, OperatorError, OSError)):
            CLIENTS[client](f"{scheme}://somebody:secret@127.0.0.1:{port}")
        assert seen.result() in ({expected} if scheme.lower() == "https" else {b"GE", b"PO"})


def test_certificates_are_verified() -> None:
    assert "verify" not in client_options("https://store.example:9440"), "the library verifies unless told otherwise"
