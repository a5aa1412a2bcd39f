"""The privacy page in a browser: by the keyboard alone, as assistive technology sees it, narrow, large, in the dark."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.consent.statements import statement_of
from schemas.events import Event, PrivacyRequested
from schemas.topics import TOUCHPOINT_RECORDED
from tests.support import chromium as browser
from tests.support.chromium import CONTRAST, Tab, chromium
from tests.support.gateway_process import GatewayProcess, read_events
from tests.support.hangs import HANG_S
from tests.support.privacy_stream import answer, answering, known

pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="there is no Chromium on this machine")
REOPEN_AFTER_S = 20
SHOTS = os.environ.get("FOOTPATH_TEST_SHOTS", "")
"""A folder for pictures of what the tests saw; empty for none."""


def answers(request: PrivacyRequested) -> list[Event]:
    return [answer(request, hash="x")] if request.action == "erase" else known(request)


@pytest.fixture
async def tab(page_gateway: GatewayProcess, bootstrap: str, tmp_path: Path) -> AsyncIterator[Tab]:
    """A browser that followed a tag, and a stream that answers."""
    async with answering(bootstrap, answers), chromium(tmp_path / "profile") as one:
        await one.size(400)
        # The tag leads elsewhere: the cookie is what counts.
        await one.call("Network.setBlockedURLs", urls=["*corner.example*"])
        await one.call("Page.navigate", url=f"{page_gateway.url}/s/page-1")
        await one.headers(**{"Accept-Language": "en"})
        yield one


async def shot(tab: Tab, name: str) -> None:
    if SHOTS:
        await tab.shot(Path(SHOTS) / f"privacy-{name}.png")


async def opened(tab: Tab, page: str, text: str) -> None:
    """Opens a page until it shows a text: a gateway that has just started answers 503 once."""
    async with asyncio.timeout(HANG_S):
        while True:
            await tab.open(page)
            try:
                async with asyncio.timeout(REOPEN_AFTER_S):
                    return await tab.loaded(page, text)
            except TimeoutError:
                continue


async def test_everything_is_done_by_the_keyboard(tab: Tab, page_gateway: GatewayProcess, bootstrap: str) -> None:
    page = f"{page_gateway.url}/privacy"
    await opened(tab, page, "Points: 40.")
    await shot(tab, "page")
    switches = {name: one["checked"] for role, name, one in await tab.tree() if role == "switch"}
    assert switches == {
        "Recognition Off": "false", "Offers by e-mail Off": "false", "Offers by text message On": "true",
        "Offers by WhatsApp Off": "false", "Offers as notifications Off": "false", "Statistics On": "true",
    }  # fmt: skip
    await tab.tab_to("Recognition Off")
    await shot(tab, "focus")
    await tab.press(" ")
    await tab.shows("switch", "Recognition On")
    [said] = await read_events(
        bootstrap, TOUCHPOINT_RECORDED, lambda e: e.source == "page" and '"switch"' in e.properties, 1
    )
    assert (statement := statement_of(said)) is not None and statement.keys == ("identity",)
    await shot(tab, "switched")

    await tab.tab_to("Get my data")
    await tab.press("Enter")
    await tab.loaded(f"{page}/requests/", "Download the file")
    await shot(tab, "export")
    await tab.tab_to("Back")
    await tab.press("Enter")
    await tab.loaded(page, "What you allow")
    await tab.tab_to("Erase my data")
    await tab.press("Enter")
    await tab.loaded(f"{page}/erase", "Erase everything?")
    await shot(tab, "erase")
    await tab.tab_to("Yes, erase everything")
    await tab.press("Enter")
    await tab.loaded(f"{page}/requests/", "Everything is erased.")
    await shot(tab, "erased")
    await tab.open(page)
    await tab.loaded(page, "Nothing is known about this device")
    await shot(tab, "nobody")


async def test_the_page_says_its_structure(tab: Tab, page_gateway: GatewayProcess) -> None:
    page = f"{page_gateway.url}/privacy"
    await tab.open(page)
    await tab.loaded(page, "Points: 40.")
    tree = await tab.tree()
    headings = [(name, one["level"]) for role, name, one in tree if role == "heading"]
    assert headings[0] == ("Your data", 1) and {level for _, level in headings} == {1, 2, 3}
    assert ("What you allow", 2) in headings and ("Offers by text message", 3) in headings
    assert {role for role, *_ in tree} >= {"main", "heading", "switch", "button", "link", "textbox", "listitem"}
    assert [name for role, name, _ in tree if role == "textbox"] == ["Your e-mail address"]
    named = [(role, name) for role, name, _ in tree if role in ("switch", "button", "link", "textbox")]
    assert all(name.strip() for _, name in named) and len(named) == len({*named}), "each has a name of its own"
    assert await tab.evaluate("document.documentElement.lang") == "en"
    assert await tab.evaluate("document.scripts.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "/erase", "/requests/x"])
async def test_texts_stand_out(tab: Tab, page_gateway: GatewayProcess, scheme: str, path: str) -> None:
    await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page = f"{page_gateway.url}/privacy{path}"
    await tab.open(page)
    await tab.loaded(page, "Points: 40." if not path else "")
    found = await tab.evaluate(CONTRAST)
    assert found and min(found)[0] >= 4.5, min(found)
    if not path:
        await shot(tab, scheme)


@pytest.mark.parametrize(("width", "zoom"), [(320, 1), (1280, 4), (640, 2), (400, 1)])
@pytest.mark.parametrize("language", ["en", "de", "ar"])
async def test_nothing_scrolls_sideways(
    tab: Tab, page_gateway: GatewayProcess, width: int, zoom: int, language: str
) -> None:
    await tab.headers(**{"Accept-Language": language, "Sec-GPC": "1"})
    await tab.size(width // zoom, scale=zoom)  # zooming makes the viewport so much smaller in CSS pixels
    page = f"{page_gateway.url}/privacy"
    await tab.open(page)
    await tab.loaded(page, "Punkte: 40." if language == "de" else "Points: 40.")
    assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    out = await tab.evaluate(
        "[...document.querySelectorAll('main *')].filter(one => one.type !== 'hidden')"
        ".filter(one => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1)"
        ".map(one => one.outerHTML)"
    )
    assert out == []
    small = await tab.evaluate(
        "[...document.querySelectorAll('button,.b,input:not([type=hidden])')]"
        ".filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"
    )
    assert small == [], "what a finger has to meet"
    if zoom == 1:
        await shot(tab, f"{language}-{width}")


async def test_a_readers_own_size_is_followed(tab: Tab, page_gateway: GatewayProcess) -> None:
    page = f"{page_gateway.url}/privacy"
    await tab.size(320)
    await tab.open(page)
    await tab.loaded(page, "Points: 40.")
    # CSSOM is none of the styles that the policy forbids.
    await tab.evaluate("document.documentElement.style.fontSize = '32px'")
    assert await tab.evaluate("parseFloat(getComputedStyle(document.querySelector('p')).fontSize)") == 36
    assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await shot(tab, "double-text")
