"""The pages in a browser: nobody is kept out of one, they are there at once, and ask nobody but the registered origins.

Each layout by day, in the dark, from right to left, at 200 % and 320 px wide.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from gateway.landing.page import landing_page
from tests.support import chromium as browser
from tests.support.axe import axe_script, violations
from tests.support.chromium import Tab, chromium
from tests.support.landing_pages import examples

pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="there is no Chromium on this machine")
SHOTS = os.environ.get("FOOTPATH_TEST_SHOTS", "")
"""A folder for pictures of what the tests saw; empty for none."""
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path fill="#c9a26b" d="M0 0h40v30H0z"/>'
    '<circle fill="#5b3a1e" cx="20" cy="15" r="9"/></svg>'
)
LIVE = """event: decision
data: {"moment":"buy","route":"shelf"}

event: reward
data: {"points":1000}

: still there

event: reward
data: {"points":5}

event: end
data: {}

"""
SLOW_4G = {"offline": False, "latency": 562.5, "downloadThroughput": 180_000, "uploadThroughput": 84_375}
"""As Chromium's tools have it: bytes a second, and milliseconds from a request to its response."""
VIEWS = {
    "day": ("light", 390, 700, 1.0),
    "dark": ("dark", 390, 700, 1.0),
    "zoom": ("light", 195, 350, 2.0),
    "narrow": ("light", 320, 700, 1.0),
}
"""Colour scheme, width and height in CSS pixels, and pixels of the screen for each."""


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """Serves each page as a gateway does, and a picture."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/picture.svg":
            return web.Response(text=PICTURE, content_type="image/svg+xml")
        if request.path == "/live":
            return web.Response(text=LIVE, content_type="text/event-stream")
        rendered = landing_page(*shown[request.path[1:]])
        headers = {"Content-Security-Policy": rendered.policy.decode(), "Content-Type": "text/html; charset=utf-8"}
        response = web.Response(body=rendered.whole(b"/live"), headers=headers)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    application = web.Application()
    application.router.add_get("/{name}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    shown = examples(f"{url}/picture.svg", f"{url}/picture.svg")
    yield url
    await runner.cleanup()


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    async with chromium(tmp_path / "profile") as one:
        yield one


async def shot(tab: Tab, name: str) -> None:
    if SHOTS:
        await tab.shot(Path(SHOTS) / f"landing-{name}.png")


async def colours(tab: Tab, scheme: str) -> None:
    await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])


@pytest.mark.skipif(not axe_script(), reason="axe-core cannot be had here")
async def test_nobody_is_kept_out(tab: Tab, site: str) -> None:
    found = {}
    for name in examples():
        for view, (scheme, width, height, scale) in VIEWS.items():
            await colours(tab, scheme)
            await tab.size(width, height, scale)
            await tab.open(f"{site}/{name}")
            await shot(tab, f"{name}-{view}")
            if missed := await violations(tab):
                found[name, view] = missed
            width_now = await tab.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width_now <= 0, f"{name} scrolls sideways, {view}"
    assert found == {}


async def test_the_first_text_is_there_as_soon_as_the_page_on_a_slow_network(tab: Tab, site: str) -> None:
    """Nothing else is waited for: painting takes no longer than the network took. On a quiet machine it is there within
    0.6 to 0.8 s."""
    await tab.size(390)
    await tab.call("Network.setCacheDisabled", cacheDisabled=True)
    await tab.call("Network.emulateNetworkConditions", **SLOW_4G)
    painted = {}
    for name in examples():
        await tab.open(f"{site}/{name}")
        painted[name] = await tab.evaluate(
            "performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)[0]"
            " / performance.getEntriesByType('navigation')[0].responseEnd"
        )
    assert all(ratio is not None and ratio < 2 for ratio in painted.values()), painted


async def test_a_page_asks_nobody_else(tab: Tab, site: str) -> None:
    for name in examples():
        await tab.open(f"{site}/{name}")
        asked = await tab.evaluate("performance.getEntriesByType('resource').map(one => new URL(one.name).origin)")
        assert set(asked) <= {site}, name
        assert await tab.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")


async def test_points_appear_and_the_page_works_without_its_script(tab: Tab, site: str) -> None:
    points = {"buy": "Points earned: +1,005", "buy-de": "Punkte gesammelt: +1.005", "buy-ar": "النقاط المكتسبة: +1,005"}
    for name, text in points.items():
        await tab.open(f"{site}/{name}")
        await tab.loaded(f"{site}/{name}", text)
        assert ("status", "") in [(role, heard) for role, heard, _ in await tab.tree()], "it is read out"
        await shot(tab, f"{name}-points")
    asked = await tab.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.name.endsWith('/live')).length"
    )
    assert asked == 1, "the end is the end: nothing is asked for again"
    await tab.call("Emulation.setScriptExecutionDisabled", value=True)
    await tab.open(f"{site}/know")
    assert {"Show me", "Privacy"} <= {name for role, name, _ in await tab.tree() if role == "link"}
