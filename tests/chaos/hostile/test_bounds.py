"""The fault: heads without end, bodies that nobody waits for, requests sent ahead, connections that are reset.

The promise: each is refused or ended within a stated bound, and the gateway's memory does not grow with what strangers
send.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.http.protocol import HEAD_TIMEOUT_S, MAX_AHEAD, MAX_HEADERS, REST_S
from tests.chaos.hostile.raw_client import drip, exchange, in_chunks, request, statuses
from tests.support.gateway_process import GatewayClient, GatewayProcess, page_view
from tests.support.hangs import HANG_S

LIVE = "GET /health/live HTTP/1.1"
POST = "POST /v1/events HTTP/1.1"
KEY = ("Content-Type: application/json", "Authorization: Bearer till-secret")
CLOSE = "Connection: close"
FEW = 6


@pytest.fixture
async def few(bootstrap: str, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A gateway that takes few connections of one address."""
    process = GatewayProcess(bootstrap, tmp_path, deadline_ms="10", connections_per_address=str(FEW))
    await process.start_with_stream(bootstrap)
    yield process
    process.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (request(LIVE, CLOSE, f"X-Long: {'x' * 40_000}"), 431),
        (request(LIVE, CLOSE, "Cookie: " + "a=b; " * 20_000), 431),
        (request(LIVE, CLOSE, *(f"X-{number}: y" for number in range(MAX_HEADERS))), 431),
        (request(f"GET /s/shelf-1?{'a' * 40_000} HTTP/1.1", CLOSE), 414),
        (request(LIVE, CLOSE, f"X-Long: {'x' * 30_000}"), 200),
        (request(LIVE, CLOSE, *(f"X-{number}: y" for number in range(MAX_HEADERS - 2))), 200),
    ],
    ids=["a field", "cookies", "many fields", "the address", "a field within bounds", "fields within bounds"],
)
async def test_a_head_beyond_its_bounds_is_refused(gateway: GatewayProcess, head: bytes, status: int) -> None:
    assert statuses(await exchange(gateway, head)) == [status]


async def test_fields_behind_a_body_neither_count_nor_grow(gateway: GatewayProcess) -> None:
    chunked = request(POST, "Content-Type: application/json", "Transfer-Encoding: chunked")
    body = in_chunks([b'{"events":[]}'])[:-2]
    late_key = chunked + body + b"Authorization: Bearer till-secret\r\n\r\n" + request(LIVE, CLOSE)
    assert statuses(await exchange(gateway, late_key)) == [401, 200], "a key is in the head"
    endless = chunked + body + b"".join(b"X-%d: y\r\n" % number for number in range(20_000))
    assert statuses(await exchange(gateway, endless + request(LIVE, CLOSE)))[-1] == 431
    for unfinished in (body + b"X-Long: ", body[: -len(b"0\r\n")] + b"1;"):
        assert statuses(await exchange(gateway, chunked + unfinished + b"x" * 2_000_000))[-1] == 431


async def test_what_strangers_send_does_not_stay_in_memory(gateway: GatewayProcess) -> None:
    before = resident_mb(gateway)
    block = b"X-A: " + b"a" * 65_000 + b"\r\n"

    async def send_and_reset(start: bytes) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        try:
            writer.write(start)
            for _ in range(200):
                writer.write(block)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    unfinished = request(POST, *KEY, "Content-Length: 1000000")
    starts = [b"GET /s/shelf-1 HTTP/1.1\r\nHost: a\r\n", unfinished, b"GET /s/" + b"x" * 60_000]
    for start in starts:
        await asyncio.gather(*(send_and_reset(start) for _ in range(20)))
    async with GatewayClient(gateway) as client:
        assert await client.results(page_view()) == [("accepted", "")]
    assert resident_mb(gateway) - before < 100, "of 780 MB"


def resident_mb(gateway: GatewayProcess) -> int:
    lines = Path(f"/proc/{gateway.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) // 1024


async def held(gateway: GatewayProcess, at_once: bytes, slowly: bytes) -> tuple[bytes, float]:
    """What a connection receives that sends at last a byte a second, and how long it is held open, in seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    began = asyncio.get_running_loop().time()
    writer.write(at_once)
    dripping = asyncio.create_task(drip(writer, slowly, every_s=0.5))
    try:
        async with asyncio.timeout(HANG_S):
            received = b""
            try:
                while chunk := await reader.read(65_536):
                    received += chunk
            except ConnectionError:
                pass
            return received, asyncio.get_running_loop().time() - began
    finally:
        dripping.cancel()
        writer.close()


@pytest.mark.parametrize(
    ("at_once", "slowly", "expected", "bound_s"),
    [
        (request(POST, "Content-Length: 100000"), b" " * 100_000, [401], REST_S),
        (request("GET /s/shelf-1 HTTP/1.1", "Content-Length: 100000"), b" " * 100_000, [302], REST_S),
        (request(POST, *KEY, "Content-Length: 9999999"), b" " * 100_000, [413], REST_S),
        (request(POST, "Transfer-Encoding: chunked") + b"5000\r\n", b" " * 100_000, [401], REST_S),
        (request(LIVE), b"\r\n" * 50_000, [200], HEAD_TIMEOUT_S),
        (b"", b"\r\n" * 50_000, [], HEAD_TIMEOUT_S),
    ],
    ids=["without key", "a scan's", "too large", "in chunks", "blank lines between requests", "blank lines alone"],
)
async def test_what_never_ends_is_ended(
    gateway: GatewayProcess, at_once: bytes, slowly: bytes, expected: list[int], bound_s: float
) -> None:
    received, held_s = await held(gateway, at_once, slowly)
    assert statuses(received) == expected
    assert held_s > bound_s / 2, "the client had time to read the response"


async def test_a_body_that_nobody_waited_for_keeps_the_connection_once_it_is_complete(gateway: GatewayProcess) -> None:
    first = request(POST, "Content-Length: 5000", body=b" " * 5000)
    assert statuses(await exchange(gateway, first + request(LIVE, CLOSE))) == [401, 200]


async def test_requests_may_be_sent_ahead_within_a_bound(gateway: GatewayProcess) -> None:
    scan = request("GET /s/shelf-1 HTTP/1.1")
    assert statuses(await exchange(gateway, scan * (MAX_AHEAD - 1) + request(LIVE, CLOSE))) == [302] * 15 + [200]
    many = statuses(await exchange(gateway, scan * 5000))
    assert many[-1] == 400 and len(many) <= MAX_AHEAD + 2


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
async def test_whoever_asks_for_another_protocol_is_served_in_this_one(gateway: GatewayProcess, protocol: str) -> None:
    upgrade = request(LIVE, "Connection: Upgrade", f"Upgrade: {protocol}")
    assert statuses(await exchange(gateway, upgrade + upgrade + request(LIVE, CLOSE))) == [200, 200, 200]


async def test_an_address_that_holds_many_connections_loses_its_oldest_ones(few: GatewayProcess) -> None:
    async with GatewayClient(few) as phone:
        assert (await phone.scan("shelf-1")).headers["Footpath-Event"]
        waiting = [await asyncio.open_connection("127.0.0.1", few.port) for _ in range(3 * FEW)]
        for _, writer in waiting:
            writer.write(b"GET /s/shelf-1 HTTP/1.1\r\nX-Slow: ")
        assert (await phone.scan("shelf-1")).headers["Footpath-Event"]
        assert await phone.metric('footpath_gateway_connections_ended_total{reason="limit_address"}') >= 2 * FEW
        assert await phone.metric("footpath_gateway_connections") <= FEW
        for _, writer in waiting:
            writer.close()


async def test_where_all_connections_are_busy_a_new_one_is_told_so(few: GatewayProcess) -> None:
    head = request(POST, *KEY, "Content-Length: 100")
    busy = [await asyncio.open_connection("127.0.0.1", few.port) for _ in range(FEW)]
    for _, writer in busy:
        writer.write(head)
    await asyncio.sleep(0.5)
    answer = await exchange(few, request(LIVE, CLOSE))
    assert statuses(answer) in ([503], []) and (not answer or b"retry-after" in answer)
    body = json.dumps({"events": []}).ljust(100).encode()
    for reader, writer in busy:
        writer.write(body)
        assert statuses(await reader.readuntil(b"\r\n\r\n")) == [202], "what was begun is finished"
        writer.close()
