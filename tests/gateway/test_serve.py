"""The process: settings errors that name their variable, an orderly stop, a timeout of request heads, JSON logs."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from gateway.settings import read_settings, reply_partition
from schemas.process.settings import SettingError
from tests.support.gateway_process import GatewayClient, GatewayProcess, page_view, wait_until
from tests.support.hangs import HANG_S


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    file = tmp_path / "key"
    file.write_text("00" * 16 + "\n")
    return str(file)


def test_settings_have_defaults_and_a_gateway_keeps_its_reply_partition(key_file: str) -> None:
    environ = {"FOOTPATH_IDENTIFIER_KEY_FILE": key_file, "FOOTPATH_DATA": "/data"}
    settings = read_settings(environ)
    assert (settings.port, settings.deadline_ms, settings.spool) == (8080, 250, Path("/data/gateway"))
    assert settings == read_settings(environ)
    others = [read_settings({**environ, "FOOTPATH_GATEWAY_PORT": str(n)}) for n in range(8080, 8120)]
    assert {reply_partition(other, 4) for other in others} == set(range(4))
    assert [reply_partition(other, 4) for other in others] == [reply_partition(other, 4) for other in others]
    named = read_settings({**environ, "FOOTPATH_GATEWAY_REPLY_PARTITION": "3"})
    assert reply_partition(named, 4) == 3
    with pytest.raises(SettingError, match=r"^FOOTPATH_GATEWAY_REPLY_PARTITION=3: must be below 2"):
        reply_partition(named, 2)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GATEWAY_PORT", "http"), ("GATEWAY_PORT", "70000"), ("GATEWAY_DEADLINE_MS", "0"), ("GATEWAY_SPOOL_MB", "-1"),
        ("GATEWAY_REPLY_PARTITION", "-4"), ("GATEWAY_TRUSTED_PROXIES", "proxy"), ("GATEWAY_TLS", "yes"),
        ("GATEWAY_PUBLIC_URL", "corner.example"), ("PARTITIONS", "0"), ("IDENTIFIER_KEY_FILE", "/nowhere"),
        ("IDENTIFIER_KEY_FILE", "/dev/null"), ("IDENTIFIER_KEY_FILE", ""),
    ],
)  # fmt: skip
def test_a_bad_setting_is_named(key_file: str, name: str, text: str) -> None:
    with pytest.raises(SettingError, match=f"^FOOTPATH_{name}"):
        read_settings({"FOOTPATH_IDENTIFIER_KEY_FILE": key_file, f"FOOTPATH_{name}": text})


def ended(process: GatewayProcess) -> tuple[int, str]:
    """Exit code and last log message of a gateway that cannot start."""
    code = process.launch().wait(HANG_S)
    lines = [json.loads(line) for line in process.log.read_text().splitlines()]
    return code, lines[-1]["message"]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    process = GatewayProcess("127.0.0.1:1", tmp_path)
    with socket.create_server(("127.0.0.1", process.port)):
        code, message = ended(process)
    assert code == 1 and f"FOOTPATH_GATEWAY_PORT={process.port} is in use" in message


def test_an_unwritable_spool_is_named(tmp_path: Path) -> None:
    process = GatewayProcess("127.0.0.1:1", tmp_path, spool="/proc/spool")
    code, message = ended(process)
    assert code == 1 and message.startswith("FOOTPATH_GATEWAY_SPOOL=/proc/spool")


async def test_requests_in_progress_are_finished_before_the_process_stops(
    gateway: GatewayProcess, bootstrap: str, tmp_path: Path
) -> None:
    process = GatewayProcess(bootstrap, tmp_path, deadline_ms="2500")
    await process.start_with_stream(bootstrap)
    async with GatewayClient(process) as client:
        scan = asyncio.create_task(client.scan("shelf-1"))  # no stream replies: it takes its whole deadline

        async def scan_is_waiting() -> bool:
            return await client.metric("footpath_gateway_waiting_requests") == 1

        await wait_until(scan_is_waiting)
        stopping = asyncio.create_task(asyncio.to_thread(process.stop))
        response = await scan
        assert (response.status, response.headers["Footpath-Outcome"]) == (302, "fallback")
        assert response.headers["Footpath-Event"]
        assert await stopping == 0


async def test_a_client_that_never_finishes_its_head_is_disconnected(gateway: GatewayProcess) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b'"live"}')
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    async with asyncio.timeout(HANG_S):
        assert await reader.read() == b""
    writer.close()


async def test_logs_are_json_lines_without_payloads(gateway: GatewayProcess, client: GatewayClient) -> None:
    await client.send(page_view(store="canary\r\n1", extra="canary-2"), key="canary-3")
    await client.results(page_view(store="canary\r\n1", extra="canary-2"))
    await client.scan("canary-4?canary=5")
    text = gateway.log.read_text()
    assert "canary" not in text
    assert all({"time", "level", "process", "message"} <= json.loads(line).keys() for line in text.splitlines())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /health/live HTTP/1.1\r\n\r\n", b"400"),
        ("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        ("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n", b"200"),
        ("GET /health/live HTTP/1.0\r\n\r\n", b"200"),
    ],
)
def test_a_request_names_one_host(gateway: GatewayProcess, head: str, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), 10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(12).split()[1] == status
