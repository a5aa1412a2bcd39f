"""The importer before a gateway that refuses, stumbles or is away. The answers come from a small real HTTP server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from deploy.operate.importer.lines import Line
from deploy.operate.importer.sender import EventResult, Sender, build_session
from deploy.target import Target
from schemas.process.errors import OperatorError

Answer = Callable[[list[dict[str, Any]]], web.Response | None]
EVENTS = [Line(number, b'{"event_id":"%d"}' % number) for number in range(10)]
ACCEPTED = [EventResult("accepted")] * 10


@asynccontextmanager
async def gateway(*answers: Answer) -> AsyncIterator[tuple[str, list[list[str]]]]:
    """A server that gives each answer once, the last one for ever; with the ids of every batch it was sent."""
    seen: list[list[str]] = []

    async def take(request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == "Bearer key"
        batch = json.loads(await request.text())["events"]
        seen.append([event["event_id"] for event in batch])
        answer = answers[min(len(seen), len(answers)) - 1](batch)
        if answer is None:
            assert request.transport
            request.transport.abort()
            return web.Response()
        return answer

    app = web.Application()
    app.router.add_post("/v1/events", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


def accept(batch: list[dict[str, Any]]) -> web.Response:
    results = [{"event_id": event["event_id"], "status": "accepted"} for event in batch]
    return web.json_response({"results": results}, status=202)


def respond(status: int, **headers: str) -> Answer:
    return lambda batch: web.json_response({"error": "because"}, status=status, headers=headers)


def hang_up(batch: list[dict[str, Any]]) -> None:
    return None


async def send(url: str, give_up_after_s: float = 20) -> tuple[list[EventResult], list[str]]:
    messages: list[str] = []
    async with build_session() as session:
        sender = Sender(session, Target(url, "key"), give_up_after_s, messages.append)
        return await sender.send(EVENTS), messages


async def test_what_passes_is_waited_out_and_sent_again_whole() -> None:
    async with gateway(respond(503), hang_up, respond(429, **{"Retry-After": "0"}), accept) as (url, seen):
        assert (await send(url))[0] == ACCEPTED
    assert seen == [seen[0]] * 4


async def test_the_gateways_own_wish_is_heeded_and_shown() -> None:
    loop = asyncio.get_running_loop()
    async with gateway(respond(429, **{"Retry-After": "1"}), accept) as (url, _):
        began = loop.time()
        results, messages = await send(url)
        assert results == ACCEPTED and loop.time() - began >= 1
        assert len(messages) == 1 and "answered 429" in messages[0] and "next attempt in 1 s" in messages[0]


async def test_a_batch_is_cut_until_the_event_at_fault_is_alone() -> None:
    def refuse_seven(batch: list[dict[str, Any]]) -> web.Response:
        found = any(event["event_id"] == "7" for event in batch)
        return web.json_response({"error": "too large"}, status=413) if found else accept(batch)

    async with gateway(refuse_seven) as (url, seen):
        results, _ = await send(url)
    assert [number for number, result in enumerate(results) if result.status == "rejected"] == [7]
    assert results[7].reason == "413 too large"
    taken = [batch for batch in seen if "7" not in batch]
    assert sorted(event for batch in taken for event in batch) == list("012345689")


@pytest.mark.parametrize(
    ("status", "expected"), [(401, "FOOTPATH_API_KEY"), (403, "events:write"), (404, "is this Footpath's gateway")]
)
async def test_what_never_passes_stops_at_once(status: int, expected: str) -> None:
    async with gateway(respond(status)) as (url, seen):
        with pytest.raises(OperatorError, match=expected):
            await send(url)
    assert len(seen) == 1


async def test_a_gateway_that_stays_away_is_given_up() -> None:
    async with gateway(respond(503, **{"Retry-After": "0.1"})) as (url, _):
        with pytest.raises(OperatorError, match=r"accepted nothing for 0.5 s .*continues where it stopped"):
            await send(url, give_up_after_s=0.5)
    with pytest.raises(OperatorError, match=r"accepted nothing for 0.5 s"):
        await send("http://127.0.0.1:1", give_up_after_s=0.5)


async def test_an_answer_that_does_not_fit_the_batch_is_refused() -> None:
    async with gateway(lambda batch: web.json_response({"results": []}, status=202)) as (url, _):
        with pytest.raises(OperatorError, match="0 results for 10 events"):
            await send(url)
