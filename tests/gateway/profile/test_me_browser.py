"""``/me`` in a browser: there without a network once it was loaded, and nobody is kept out of it.

Served as a gateway serves it (tests/gateway/profile/test_me.py), so that a test can take the network away.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.brand.live import BrandView
from gateway.profile.account import read_account
from gateway.profile.me_page import MePage
from gateway.profile.service_worker import KEEPS, POLICY, service_worker
from gateway.profile.words import me_words
from tests.support import chromium as browser
from tests.support.accounts import ACCOUNT
from tests.support.axe import axe_script, violations
from tests.support.chromium import Tab, chromium
from tests.support.hangs import HANG_S

pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="there is no Chromium on this machine")
SHOTS = os.environ.get("FOOTPATH_TEST_SHOTS", "")
"""A folder for pictures of what the tests saw; empty for none."""
VIEWS = {
    "day": ("light", 390, 1.0),
    "dark": ("dark", 390, 1.0),
    "zoom": ("light", 195, 2.0),
    "narrow": ("dark", 320, 1.0),
}
"""Colour scheme, width in CSS pixels, and pixels of the screen for each."""
NOW = 1_790_000_800_000_000


class Site:
    """Serves ``/t/me``; ``keeps`` says what is shown."""

    def __init__(self, brand_view: BrandView) -> None:
        self._brand = brand_view.brand
        self.account: dict[str, Any] = ACCOUNT
        self.keeps = "keep"
        self.language = "en"
        self.asked = 0
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self._port}/t/me"

    async def start(self) -> None:
        application = web.Application()
        application.router.add_get("/t/me", self._me)
        application.router.add_get("/t/me/sw.js", self._worker)
        application.router.add_get("/t/metrics", self._other)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _me(self, request: web.Request) -> web.Response:
        self.asked += 1
        page = MePage(self._brand, me_words([self.language], ""), NOW, UTC, "/t")
        account = read_account(json.dumps(self.account).encode())
        rendered = {"keep": page.of_account(account)[0], "wait": page.away(), "drop": page.of_nobody()}[self.keeps]
        headers = {
            "Content-Security-Policy": rendered.policy,
            KEEPS: self.keeps,
            "Cache-Control": "no-store",
            "Vary": "Accept-Encoding, Accept-Language, Cookie",
            "Content-Encoding": "gzip",
        }
        return web.Response(body=rendered.packed, headers=headers, content_type="text/html")

    async def _worker(self, request: web.Request) -> web.Response:
        headers = {"Service-Worker-Allowed": "/t/me", "Content-Security-Policy": POLICY}
        return web.Response(text=service_worker("/t"), headers=headers, content_type="text/javascript")

    async def _other(self, request: web.Request) -> web.Response:
        return web.Response(text="another page")


@pytest.fixture
async def site(brand_view: BrandView) -> AsyncIterator[Site]:
    one = Site(brand_view)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    async with chromium(tmp_path / "profile") as one:
        await one.size(390)
        yield one


async def opened(tab: Tab, site: Site, text: str) -> None:
    await tab.open(site.page)
    await tab.loaded(site.page, text)


async def kept(tab: Tab, count: int) -> None:
    """Waits until the browser has so many copies."""
    script = (
        "caches.keys().then(names => names.length ? caches.open(names[0]) : null).then(one => one ? one.keys() : [])"
    )
    async with asyncio.timeout(HANG_S):
        while True:
            found = await tab.call(
                "Runtime.evaluate",
                expression=f"{script}.then(all => all.length)",
                awaitPromise=True,
                returnByValue=True,
            )
            if found["result"].get("value") == count:
                return
            await asyncio.sleep(0.05)


async def test_without_a_network_the_page_is_as_it_last_was(tab: Tab, site: Site) -> None:
    async with asyncio.timeout(HANG_S):
        await opened(tab, site, "Points: 1.240")
        await kept(tab, 1)
        await site.stop()
        await opened(tab, site, "Points: 1.240")
        await tab.open("about:blank")
        await opened(tab, site, "Points: 1.240")
        if SHOTS:
            await tab.shot(Path(SHOTS) / "me-offline.png")
        await site.start()
        site.account = ACCOUNT | {"balance": 7}
        await opened(tab, site, "Points: 7")
        await site.stop()
        await opened(tab, site, "Points: 7")


async def test_a_gateway_that_has_no_answer_leaves_the_copy(tab: Tab, site: Site) -> None:
    async with asyncio.timeout(HANG_S):
        await opened(tab, site, "Points: 1.240")
        await kept(tab, 1)
        site.keeps = "wait"
        asked = site.asked
        await opened(tab, site, "Points: 1.240")
        assert site.asked > asked


async def test_a_phone_that_was_erased_keeps_no_copy(tab: Tab, site: Site) -> None:
    async with asyncio.timeout(HANG_S):
        await opened(tab, site, "Points: 1.240")
        await kept(tab, 1)
        site.keeps = "drop"
        await opened(tab, site, "Nothing has been collected")
        await kept(tab, 0)


async def test_the_worker_answers_for_no_other_page(tab: Tab, site: Site) -> None:
    async with asyncio.timeout(HANG_S):
        await opened(tab, site, "Points: 1.240")
        await kept(tab, 1)
        other = site.page.replace("/me", "/metrics")
        await tab.open(other)
        await tab.loaded(other, "another page")


async def test_a_page_of_nobody_leaves_nothing_behind(tab: Tab, site: Site) -> None:
    site.keeps = "drop"
    async with asyncio.timeout(HANG_S):
        await opened(tab, site, "Nothing has been collected")
        assert await tab.evaluate("document.scripts.length") == 0


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("language", ["en", "pl", "ar"])
async def test_nobody_is_kept_out(tab: Tab, site: Site, view: str, language: str) -> None:
    scheme, width, scale = VIEWS[view]
    site.language = language
    await tab.size(width, scale=scale)
    await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    async with asyncio.timeout(HANG_S):
        await opened(tab, site, "240")
        if SHOTS:
            await tab.shot(Path(SHOTS) / f"me-{language}-{view}.png")
        assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
        if axe_script():
            assert await violations(tab) == []
