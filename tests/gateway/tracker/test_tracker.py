"""The tracker in a browser: views, carts and orders arrive once each, whatever happens to gateway, tab and network."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from deploy.setup import brand
from schemas.events import TouchpointReceived
from schemas.topics import TOUCHPOINT_RECEIVED
from tests.support import chromium as browser
from tests.support.chromium import Tab, chromium
from tests.support.gateway_process import BRAND, GatewayClient, GatewayProcess, read_events, wait_until
from tests.support.servers import KafkaServer

needs_browser = pytest.mark.skipif(browser.PROGRAM is None, reason="there is no Chromium on this machine")
SCRIPT = Path(__file__).parents[3] / "gateway" / "tracker" / "fp.js"
OFFLINE = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}


@asynccontextmanager
async def site(gateway: GatewayProcess) -> AsyncIterator[int]:
    """A shop of the brand that trusts the gateway and nothing else. :yields: its port, on 127.0.0.1 and localhost."""

    async def page(request: web.Request) -> web.Response:
        consent = " data-consent" if request.path == "/asks" else ""
        other = f"localhost:{request.url.port}"
        html = (
            f'<!doctype html><title>Shop</title><a id="away" href="http://{other}/there?a=1#b">away</a>'
            f'<script src="{gateway.url}/fp.js" data-key="web-secret" data-sites="{other}"{consent}></script>'
        )
        policy = f"default-src 'none'; script-src {gateway.url}; connect-src {gateway.url}"
        headers = {"Content-Security-Policy": policy, "Content-Type": "text/html"}
        return web.Response(text=html, headers=headers)

    application = web.Application()
    application.router.add_get("/{name:.*}", page)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
async def shop(own_kafka: KafkaServer, tmp_path: Path) -> AsyncIterator[tuple[GatewayProcess, int, str]]:
    """A gateway whose brand has a shop at 127.0.0.1 and one at localhost."""
    gateway = GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway")
    async with site(gateway) as port:
        text = BRAND.read_text()
        shops = f"http://127.0.0.1:{port}, http://localhost:{port}, https://corner.example,"
        (tmp_path / "brand.yaml").write_text(
            text.replace("destinations: [https://corner.example,", f"destinations: [{shops}")
        )
        await asyncio.to_thread(brand.apply, own_kafka.bootstrap, [tmp_path / "brand.yaml"])
        await gateway.start_with_stream(own_kafka.bootstrap)
        yield gateway, port, own_kafka.bootstrap
        gateway.close()
        await asyncio.to_thread(brand.apply, own_kafka.bootstrap, [BRAND])


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    async with chromium(tmp_path / "profile") as one:
        yield one


async def arrived(bootstrap: str, word: str, count: int = 1) -> list[TouchpointReceived]:
    """Events whose properties have a word, once there are as many."""
    return await read_events(bootstrap, TOUCHPOINT_RECEIVED, lambda event: word in event.properties, count)


def queued(tab: Tab) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return bool(await tab.evaluate("!JSON.parse(localStorage.fp_queue || '[]').length"))

    return holds


async def call(tab: Tab, type: str, **fields: Any) -> None:
    await tab.evaluate(f"fp({json.dumps(type)}, {json.dumps(fields)})")


@needs_browser
async def test_what_people_do_arrives_once_whatever_happens(tab: Tab, shop: tuple[GatewayProcess, int, str]) -> None:
    gateway, port, bootstrap = shop
    url = f"http://127.0.0.1:{port}"
    await tab.open(f"{url}/tea")
    await wait_until(queued(tab))
    await call(tab, "product_view", product="tea", properties={"at": "first"})
    await call(tab, "cart_updated", properties={"at": "first", "items": 2})
    await call(tab, "order_placed", properties={"at": "first", "order_id": "A-1"})
    await wait_until(queued(tab))
    events = await arrived(bootstrap, '"first"', 3)
    assert sorted(event.type for event in events) == ["cart_updated", "order_placed", "product_view"]
    view = next(event for event in await arrived(bootstrap, "/tea", 4) if event.type == "page_view")
    assert {*view.identifiers} == {*events[0].identifiers} and len(view.identifiers) == 1

    gateway.kill()
    await call(tab, "product_view", product="tea", properties={"at": "away"})
    await tab.open("about:blank")
    await gateway.start_with_stream(bootstrap)
    await tab.open(f"{url}/back")
    await wait_until(queued(tab))
    [away] = await arrived(bootstrap, '"away"')
    assert away.identifiers == view.identifiers

    await tab.call("Network.emulateNetworkConditions", offline=True, **OFFLINE)
    await call(tab, "product_view", properties={"at": "tunnel"})
    await tab.call("Network.emulateNetworkConditions", offline=False, **OFFLINE)
    await wait_until(queued(tab))
    await arrived(bootstrap, '"tunnel"')

    await tab.evaluate("fp('product_view', {properties: {at: 'leaving'}}); location.href = 'about:blank'; 0")
    await arrived(bootstrap, '"leaving"')
    await tab.open(f"{url}/end")
    await wait_until(queued(tab))
    by_what: dict[tuple[str, str], set[str]] = {}
    for event in await arrived(bootstrap, '"url"', 8):
        by_what.setdefault((event.type, event.properties), set()).add(event.event_id)
    assert all(len(ids) == 1 for ids in by_what.values()), "sent twice it has one id, which intake takes once"


@needs_browser
async def test_the_device_is_the_same_on_the_brands_other_site(tab: Tab, shop: tuple[GatewayProcess, int, str]) -> None:
    _, port, _ = shop
    await tab.open(f"http://127.0.0.1:{port}/here")
    await wait_until(queued(tab))
    mine = await tab.evaluate("localStorage.fp_device")
    await tab.evaluate("document.getElementById('away').dispatchEvent(new Event('pointerover', {bubbles: true})); 0")

    async def decorated() -> bool:
        await tab.evaluate(
            "addEventListener('click', one => one.preventDefault(), {once: true});"
            "document.getElementById('away').click(); 0"
        )
        return "fp=" in await tab.evaluate("document.getElementById('away').href")

    await wait_until(decorated)
    href = await tab.evaluate("document.getElementById('away').href")
    assert href.startswith(f"http://localhost:{port}/there?a=1&fp=") and href.endswith("#b") and mine not in href
    await tab.call("Page.navigate", url=href)
    await tab.loaded(f"http://localhost:{port}/there")

    async def adopted() -> bool:
        return bool(await tab.evaluate("localStorage.fp_device") == mine)

    await wait_until(adopted)
    assert await tab.evaluate("location.href") == f"http://localhost:{port}/there?a=1#b", "nobody shares the link"


@needs_browser
async def test_nothing_is_kept_or_sent_of_whoever_did_not_agree(
    tab: Tab, shop: tuple[GatewayProcess, int, str]
) -> None:
    _, port, bootstrap = shop
    await tab.open(f"http://127.0.0.1:{port}/asks")
    await call(tab, "product_view", properties={"at": "before"})
    assert await tab.evaluate("localStorage.length") == 0
    await tab.evaluate("fp('consent', true)")
    await call(tab, "product_view", properties={"at": "agreed"})
    await wait_until(queued(tab))
    await tab.evaluate("fp('consent', false)")
    await call(tab, "product_view", properties={"at": "after"})
    assert await tab.evaluate("JSON.stringify(localStorage)") == '{"fp_consent":"0"}'
    await tab.evaluate("localStorage.clear()")
    gpc = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
    await tab.call("Page.addScriptToEvaluateOnNewDocument", source=gpc)
    await tab.open(f"http://127.0.0.1:{port}/gpc")
    assert await tab.evaluate("localStorage.length") == 0, "GPC is a no, as long as nobody says otherwise"
    await tab.evaluate("fp('consent', true)")
    await call(tab, "product_view", properties={"at": "last"})
    await arrived(bootstrap, '"last"')
    assert [event for event in await arrived(bootstrap, '"at"', 2) if '"before"' in event.properties] == []


def test_the_script_is_small() -> None:
    text = SCRIPT.read_bytes()
    assert len(gzip.compress(text, 9)) < 2_000
    assert not any(word in text for word in (b"eval", b"innerHTML", b"createElement", b"document.cookie"))


async def test_a_browser_that_has_the_script_gets_it_no_second_time(client: GatewayClient) -> None:
    first = await client.request("GET", "/fp.js", headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Type"].startswith("text/javascript") and "max-age" in first.headers["Cache-Control"]
    assert (await first.text()).encode() == SCRIPT.read_bytes() and first.headers["Content-Encoding"] == "gzip"
    again = await client.request("GET", "/fp.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


DEVICE_BODY = json.dumps({"device": "A" * 22})
OURS, EVIL = "https://corner.example", "https://evil.example"


@pytest.mark.parametrize(
    ("body", "origin", "status"),
    [
        (DEVICE_BODY, OURS, 200), ('{"link": "x"}', OURS, 410), ("{}", OURS, 400), ("[", OURS, 400),
        ('{"device": "a"}', OURS, 400), ("x" * 2000, OURS, 413), (DEVICE_BODY, EVIL, 403),
    ],
)  # fmt: skip
async def test_only_the_brands_pages_carry_a_device(client: GatewayClient, body: str, origin: str, status: int) -> None:
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    response = await client.request("POST", "/v1/tracker/device", data=body, headers=headers)
    assert response.status == status
    assert (response.headers.get("Access-Control-Allow-Origin") == origin) is (origin == OURS)


async def test_only_a_public_key_stands_in_an_address(client: GatewayClient) -> None:
    headers = {"Origin": "https://corner.example", "Content-Type": "text/plain;charset=UTF-8"}
    found = {
        key: (
            await client.request("POST", f"/v1/tracker/events?key={key}", data='{"events":[]}', headers=headers)
        ).status
        for key in ("web-secret", "till-secret", "nobodys", "", "%F0%9F%98%80", "%00")
    }
    assert found == {"web-secret": 202, "till-secret": 403, "nobodys": 401, "": 401, "%F0%9F%98%80": 401, "%00": 401}
