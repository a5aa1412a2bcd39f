"""The fault: hundreds of connections that never finish a request, byte by byte, and senders that never finish a body.

The promise: everybody else is answered meanwhile, scans are recorded, and the slow ones are let go.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.body import READ_TIMEOUT_S
from gateway.serve import HEADERS_WITHIN_S
from tests.fire.hostile.raw import drip, request, statuses
from tests.gateway.street import GatewayProcess, Phone, page_view, until

PLACES = 40
SLACK_S = 10


@pytest.fixture
async def small(street: str, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A gateway with few places for requests in progress, so that they can all be taken."""
    process = GatewayProcess(street, tmp_path, deadline_ms="1000", waiting=str(PLACES))
    await process.start_with_stream(street)
    yield process
    process.end()


@asynccontextmanager
async def slow(
    gateway: GatewayProcess, count: int, at_once: bytes, slowly: bytes
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections that send a beginning, and then a byte a second."""
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


async def test_half_open_requests_keep_nobody_else_from_being_served(gateway: GatewayProcess, long: bool) -> None:
    head = b"GET /health/live HTTP/1.1\r\nX-Slow: "
    async with slow(gateway, 1500 if long else 400, head, b"x" * 100) as readers, Phone(gateway) as phone:
        for _ in range(10):
            async with asyncio.timeout(2):
                assert (await phone.scan("shelf-1")).headers["Footpath-Event"]
                assert await phone.verdicts(page_view()) == [("accepted", "")]
        if long:
            async with asyncio.timeout(HEADERS_WITHIN_S + SLACK_S):
                answers = await asyncio.gather(*(reader.read() for reader in readers))
            assert set(answers) == {b""}


async def test_bodies_that_never_arrive_do_not_take_the_places_of_scans(small: GatewayProcess, long: bool) -> None:
    headers = ("Content-Type: application/json", "Authorization: Bearer web-secret", "Content-Length: 1000")
    head = request("POST /v1/events HTTP/1.1", *headers)
    async with slow(small, 2 * PLACES, head, b" " * 1000) as readers, Phone(small) as phone:

        async def all_wait() -> bool:
            return await phone.metric("footpath_gateway_waiting_requests") >= PLACES // 2

        await until(all_wait)
        for _ in range(5):
            assert (await phone.scan("shelf-1")).headers.get("Footpath-Event"), "the scan is recorded"
        refused = await phone.send(page_view())
        assert refused.status in (202, 503) and (refused.status == 202 or refused.headers["Retry-After"])
        if long:
            async with asyncio.timeout(READ_TIMEOUT_S + SLACK_S):
                answers = await asyncio.gather(*(reader.readuntil(b"\r\n\r\n") for reader in readers))
            assert {status for answer in answers for status in statuses(answer)} == {408, 503}
