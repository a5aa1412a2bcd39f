"""A scan's live events: the phone that has the page sees its points, nobody else sees anything, and a stop ends it."""

import asyncio
import html
import json
import re
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer

from schemas.codec.avro import Codec
from schemas.events import RewardPosted, TouchpointRecorded
from schemas.ids import derived
from tests.support.gateway_process import GatewayClient, GatewayProcess, fake_stream, wait_until
from tests.support.hangs import HANG_S

SHOP = "https://shop.corner.example/de/tea"
PROMPT_S = 5
"""A stop waits for requests in progress twice as long."""


def page(scan: TouchpointRecorded) -> Mapping[str, Any]:
    return {"action": "page", "destination": SHOP, "title": "Tea", "label": "Go", "content": '{"layout":"buy"}'}


def live_of(text: str) -> str:
    found = re.search(r'data-live="([^"]+)"', text)
    assert found is not None
    return html.unescape(found[1])


async def post(bootstrap: str, event_id: str, *rules: str) -> None:
    """Posts rewards of a scan, each of them twice, as after a crash."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for rule in (*rules, *rules):
            reward = RewardPosted(
                event_id=derived(rule, event_id), occurred_at=1, person_id="p", kind="earned", points=5, rule=rule,
                rule_version=1, source_event_id=event_id,
            )  # fmt: skip
            topic, key, value, headers = Codec().record(reward)
            await producer.send_and_wait(topic.name, value, key, headers=headers)
    finally:
        await producer.stop()


@asynccontextmanager
async def listening(client: GatewayClient, gateway: GatewayProcess, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
    async with client._session.get(gateway.url + path) as response:
        yield response


async def events(response: aiohttp.ClientResponse) -> list[tuple[str, dict[str, Any]]]:
    """All events until the end of the stream."""
    async with asyncio.timeout(HANG_S):
        text = (await response.read()).decode()
    found = [re.fullmatch(r"event: (\w+)\ndata: (.*)", one) for one in text.split("\n\n")]
    return [(one[1], json.loads(one[2])) for one in found if one is not None]


async def test_points_appear_whether_they_came_before_or_after(
    client: GatewayClient, gateway: GatewayProcess, bootstrap: str
) -> None:
    async with fake_stream(bootstrap, page):
        shown = await client.scan("page-1")
    event_id, path = shown.headers["Footpath-Event"], live_of(await shown.text())
    assert f"/v1/events/{event_id}/live?" in path
    await post(bootstrap, event_id, "scan")
    await post(bootstrap, "another", "scan")
    async with listening(client, gateway, path) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
        assert response.headers["Cache-Control"] == "no-store"
        await wait_until(lambda: listeners(client, 1))
        await post(bootstrap, event_id, "packaging")
        found = await events(response)
    assert found == [
        ("decision", {"moment": "buy", "route": "shop"}),
        ("reward", {"points": 5, "rule": "scan", "kind": "earned"}),
        ("reward", {"points": 5, "rule": "packaging", "kind": "earned"}),
        ("end", {}),
    ]
    await wait_until(lambda: listeners(client, 0))


async def listeners(client: GatewayClient, count: int) -> bool:
    return await client.metric("footpath_gateway_live_listeners") == count


async def test_nobody_else_listens(client: GatewayClient, gateway: GatewayProcess, bootstrap: str) -> None:
    async with fake_stream(bootstrap, page):
        mine, other = await client.scan("page-1"), await client.scan("shelf-1")
    path = live_of(await mine.text())
    tampered = [
        path.replace(mine.headers["Footpath-Event"], other.headers["Footpath-Event"]),
        path.replace("route=shop", "route=shelf"), path.replace("key=", "key=0"), path.partition("?")[0],
        re.sub(r"at=\d+", "at=1", path), "/v1/events//live", "/v1/events/%ff/live?key=%ff&at=%ff",
    ]  # fmt: skip
    assert {(await client.request("GET", one)).status for one in tampered} == {404}
    async with GatewayClient(gateway) as stranger:
        assert (await stranger.request("GET", path)).status == 404, "it has no device"
        await stranger.scan("shelf-1")
        assert (await stranger.request("GET", path)).status == 404, "it has another device"


async def test_a_reload_shows_the_points_of_the_same_scan(client: GatewayClient, bootstrap: str) -> None:
    async with fake_stream(bootstrap, page):
        first = await client.scan("page-1")
        again = await client.scan("page-1", headers={"Cache-Control": "max-age=0"})
    assert again.headers["Footpath-Event"] == first.headers["Footpath-Event"]
    assert first.headers["Footpath-Event"] in live_of(await again.text())
    assert "moment=buy&route=shop" in live_of(await again.text())


async def test_a_stop_ends_all_streams(bootstrap: str, tmp_path: Path) -> None:
    gateway = await GatewayProcess(bootstrap, tmp_path).start_with_stream(bootstrap)
    try:
        async with GatewayClient(gateway) as client:
            async with fake_stream(bootstrap, page):
                shown = await client.scan("page-1")
            async with listening(client, gateway, live_of(await shown.text())) as response:
                await wait_until(lambda: listeners(client, 1))
                gateway.signal(signal.SIGTERM)
                async with asyncio.timeout(PROMPT_S):
                    assert [name for name, _ in await events(response)] == ["decision", "end"]
        assert gateway.stop() == 0
    finally:
        gateway.close()


@pytest.mark.parametrize("encoding", ["gzip", "identity", "gzip;q=0", "br, GZIP;q=0.5"])
async def test_a_page_is_as_small_as_the_phone_takes_it(client: GatewayClient, bootstrap: str, encoding: str) -> None:
    async with fake_stream(bootstrap, page):
        response = await client.scan("page-1", headers={"Accept-Encoding": encoding})
    zipped = encoding not in ("identity", "gzip;q=0")
    assert (response.headers.get("Content-Encoding") == "gzip") is zipped
    assert "Tea" in await response.text() and int(response.headers["Content-Length"]) < (2_500 if zipped else 5_000)
