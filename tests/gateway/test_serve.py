"""The process: settings that say what is wrong with them, an end in order, patience that has an end."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from gateway.settings import SettingsError, read_settings
from tests.gateway.street import GatewayProcess, Phone, page_view, until


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    file = tmp_path / "key"
    file.write_text("00" * 16 + "\n")
    return str(file)


def test_settings_have_defaults_and_a_gateway_keeps_its_reply_partition(key_file: str) -> None:
    environ = {"FOOTPATH_IDENTIFIER_KEY_FILE": key_file, "FOOTPATH_DATA": "/data"}
    settings = read_settings(environ)
    assert (settings.port, settings.deadline_ms, settings.spool) == (8080, 250, Path("/data/gateway"))
    assert settings == read_settings(environ) and 0 <= settings.reply_partition < settings.partitions
    others = {read_settings({**environ, "FOOTPATH_GATEWAY_PORT": str(n)}).reply_partition for n in range(8080, 8120)}
    assert others == set(range(settings.partitions))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GATEWAY_PORT", "http"), ("GATEWAY_PORT", "70000"), ("GATEWAY_DEADLINE_MS", "0"), ("GATEWAY_SPOOL_MB", "-1"),
        ("GATEWAY_REPLY_PARTITION", "4"), ("GATEWAY_TRUSTED_PROXIES", "proxy"), ("GATEWAY_TLS", "yes"),
        ("GATEWAY_PUBLIC_URL", "corner.example"), ("PARTITIONS", "0"), ("IDENTIFIER_KEY_FILE", "/nowhere"),
        ("IDENTIFIER_KEY_FILE", "/dev/null"), ("IDENTIFIER_KEY_FILE", ""),
    ],
)  # fmt: skip
def test_a_bad_setting_is_named(key_file: str, name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"^FOOTPATH_{name}"):
        read_settings({"FOOTPATH_IDENTIFIER_KEY_FILE": key_file, f"FOOTPATH_{name}": text})


def ended(process: GatewayProcess) -> tuple[int, str]:
    """Exit code and last log message of a gateway that cannot start."""
    code = process.launch().wait(30)
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


async def test_what_is_in_progress_is_finished_before_the_end(
    gateway: GatewayProcess, street: str, tmp_path: Path
) -> None:
    process = GatewayProcess(street, tmp_path, deadline_ms="2500")
    await process.start_with_stream(street)
    async with Phone(process) as phone:
        scan = asyncio.create_task(phone.scan("shelf-1"))  # nobody answers: it takes its whole deadline

        async def it_waits() -> bool:
            return await phone.metric("footpath_gateway_waiting_requests") == 1

        await until(it_waits)
        stopping = asyncio.create_task(asyncio.to_thread(process.stop))
        answer = await scan
        assert (answer.status, answer.headers["Footpath-Outcome"]) == (302, "fallback")
        assert answer.headers["Footpath-Event"]
        assert await stopping == 0


async def test_a_client_that_never_finishes_its_head_is_let_go(gateway: GatewayProcess) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b'"live"}')
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    async with asyncio.timeout(15):
        assert await reader.read() == b""
    writer.close()


async def test_logs_are_json_lines_without_payloads(gateway: GatewayProcess, phone: Phone) -> None:
    await phone.send(page_view(store="canary\r\n1", extra="canary-2"), key="canary-3")
    await phone.verdicts(page_view(store="canary\r\n1", extra="canary-2"))
    await phone.scan("canary-4?canary=5")
    text = gateway.log.read_text()
    assert "canary" not in text
    assert all({"time", "level", "process", "message"} <= json.loads(line).keys() for line in text.splitlines())
