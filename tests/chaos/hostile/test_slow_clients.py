"""The fault: hundreds of connections that never finish a request, byte by byte, and senders that never finish a body.

The promise: other clients are answered meanwhile, scans are recorded, and the slow ones are disconnected.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.http.body import READ_TIMEOUT_S
from gateway.http.protocol import HEAD_TIMEOUT_S
from tests.chaos.hostile.raw_client import drip, request, statuses
from tests.support.gateway_process import GatewayClient, GatewayProcess, page_view, wait_until
from tests.support.hangs import HANG_S

ADMITTED = 40


@pytest.fixture
async def small(bootstrap: str, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A gateway with a low admission limit, which a test can reach."""
    process = GatewayProcess(bootstrap, tmp_path, deadline_ms="1000", waiting=str(ADMITTED))
    await process.start_with_stream(bootstrap)
    yield process
    process.close()


@asynccontextmanager
async def slow(
    gateway: GatewayProcess, count: int, at_once: bytes, slowly: bytes
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """``count`` connections that send ``at_once``, and then ``slowly`` at a byte a second."""
    open_ones = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(count)]
    for _, writer in open_ones:
        writer.write(at_once)
    dripping = [asyncio.create_task(drip(writer, slowly)) for _, writer in open_ones]
    try:
        yield [reader for reader, _ in open_ones]
    finally:
        for task in dripping:
            task.cancel()
        await asyncio.wait(dripping)
        for _, writer in open_ones:
            writer.close()


async def test_half_open_requests_do_not_keep_others_from_being_served(gateway: GatewayProcess, long: bool) -> None:
    head = b"GET /health/live HTTP/1.1\r\nX-Slow: "
    async with slow(gateway, 1500 if long else 400, head, b"x" * 100) as readers, GatewayClient(gateway) as client:
        for _ in range(10):
            async with asyncio.timeout(HEAD_TIMEOUT_S):
                assert (await client.scan("shelf-1")).headers["Footpath-Event"]
                assert await client.results(page_view()) == [("accepted", "")]
        if long:
            async with asyncio.timeout(HEAD_TIMEOUT_S + HANG_S):
                ends = await asyncio.gather(*(reader.read() for reader in readers), return_exceptions=True)
            # Beyond the limit of an address the oldest ones were closed, while they went on sending.
            assert all(end == b"" or isinstance(end, ConnectionError) for end in ends)


async def test_bodies_that_never_arrive_do_not_take_the_places_of_scans(small: GatewayProcess, long: bool) -> None:
    headers = ("Content-Type: application/json", "Authorization: Bearer web-secret", "Content-Length: 1000")
    head = request("POST /v1/events HTTP/1.1", *headers)
    async with slow(small, 2 * ADMITTED, head, b" " * 1000) as readers, GatewayClient(small) as client:

        async def slow_ones_are_admitted() -> bool:
            return await client.metric("footpath_gateway_waiting_requests") >= ADMITTED // 4

        await wait_until(slow_ones_are_admitted)
        for _ in range(5):
            assert (await client.scan("shelf-1")).headers.get("Footpath-Event"), "the scan is recorded"
        assert (await client.send(page_view())).status == 202, "another key's"
        refused = await client.send(page_view(), key="web-secret")
        assert refused.status == 503 and refused.headers["Retry-After"]
        if long:
            async with asyncio.timeout(READ_TIMEOUT_S + HANG_S):
                responses = await asyncio.gather(*(reader.readuntil(b"\r\n\r\n") for reader in readers))
            assert {status for response in responses for status in statuses(response)} == {408, 503}
