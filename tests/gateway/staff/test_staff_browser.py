"""The page of staff in a browser: by the keyboard alone, and axe finds nothing, narrow, in light and dark."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.staff.texts import ENGLISH
from tests.support import chromium as browser
from tests.support.axe import axe_script, violations
from tests.support.chromium import Tab, chromium
from tests.support.gateway_process import GatewayProcess
from tests.support.hangs import HANG_S
from tests.support.privacy_stream import answering
from tests.support.profiles import ALLOWED, answered
from tests.support.randomness import unique_word

pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="there is no Chromium on this machine")
SHOTS = os.environ.get("FOOTPATH_TEST_SHOTS", "")
"""A folder for pictures of what the tests saw; empty for none."""


@pytest.fixture
async def tab(page_gateway: GatewayProcess, bootstrap: str, tmp_path: Path) -> AsyncIterator[Tab]:
    async with answering(bootstrap, answered(ALLOWED)), chromium(tmp_path / "profile") as one:
        await one.size(320)
        await one.headers(**{"Accept-Language": "en"})
        yield one


async def looked_at(tab: Tab, name: str) -> list[tuple[str, str]]:
    """What axe finds, in light and in dark."""
    found = []
    for scheme in ("light", "dark"):
        await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        if SHOTS:
            await tab.shot(Path(SHOTS) / f"staff-{name}-{scheme}.png")
        if axe_script():
            found += await violations(tab)
    assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
    return found


async def test_somebody_signs_in_and_looks_by_the_keyboard(tab: Tab, page_gateway: GatewayProcess) -> None:
    page = f"{page_gateway.url}/staff"
    async with asyncio.timeout(HANG_S):
        await tab.open(page)
        await tab.loaded(page, ENGLISH.sign_in_text)
        assert await looked_at(tab, "sign-in") == []
        await tab.tab_to("Key")
        await tab.call("Input.insertText", text="tablet-secret")
        await tab.press("Enter")
        await tab.loaded(page, ENGLISH.find_text)
        assert await looked_at(tab, "find") == []
        await tab.tab_to("Number or address")
        await tab.call("Input.insertText", text=unique_word())
        await tab.press("Enter")
        await tab.loaded(page, "42 points")
        found = {rule for rule, _ in await looked_at(tab, "profile")}
        assert found <= {"meta-refresh"}, "it has to close (WCAG 2.2, 2.2.1: essential), and says so"
        headings = [name for role, name, _ in await tab.tree() if role == "heading"]
        assert headings[0] == ENGLISH.found and ENGLISH.offers in headings
        await tab.tab_to(ENGLISH.again)
        await tab.press("Enter")
        await tab.loaded(page, ENGLISH.find_text)
