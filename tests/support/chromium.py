"""A headless Chromium, by its DevTools protocol: keys are pressed, pages are seen as assistive technology sees them.

Debian's package ``chromium`` has it; tests that need it are skipped where there is none.
"""

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.gateway_process import wait_until
from tests.support.hangs import HANG_S

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AGENT = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
    "Safari/537.36"
)
"""A phone's: a browser that says it is headless gets previews."""
KEYS = {"Tab": 9, "Enter": 13, " ": 32}
CONTRAST = """
(() => {
  const parse = text => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(one => one / 255)
    .map(one => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [.2126, .7152, .0722][at], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const found = parse(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("main *")]
    .filter(node => [...node.childNodes].some(one => one.nodeType === 3 && one.data.trim()))
    .map(node => {
      const [one, other] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((a, b) => b - a);
      return [(one + .05) / (other + .05), node.textContent];
    });
})()
"""
"""The contrast of each text with what is behind it, as WCAG 2.2 defines it (1.4.3)."""


class Tab:
    """A page that is open."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command and its result; events in between are left out."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(HANG_S):
            while True:
                message = json.loads((await self._socket.receive()).data)
                if message.get("id") == number:
                    assert "error" not in message, message
                    result: dict[str, Any] = message["result"]
                    return result

    async def evaluate(self, script: str) -> Any:
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)
        await self.loaded(url)

    async def loaded(self, url: str, text: str = "") -> None:
        """Waits until an address that begins so is open, and shows a text."""
        script = (
            "document.readyState === 'complete' && location.href.startsWith("
            f"{json.dumps(url)}) && document.body.innerText.includes({json.dumps(text)})"
        )
        async with asyncio.timeout(HANG_S):
            while True:
                try:
                    if await self.evaluate(script):
                        return
                except AssertionError:
                    pass  # the page is being left
                await asyncio.sleep(0.05)

    async def press(self, key: str) -> None:
        code = KEYS[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        named = {"key": key, "windowsVirtualKeyCode": code, "text": text}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **named)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    async def tab_to(self, name: str) -> None:
        """Presses Tab until the control with this name has the focus. :raises AssertionError: no way leads there."""
        for _ in range(40):
            await self.press("Tab")
            if await self.focused() == name:
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    async def focused(self) -> str:
        """The accessible name of what has the focus."""
        found = [(role, name) for role, name, properties in await self.tree() if properties.get("focused")]
        return next((name for role, name in found if role != "RootWebArea"), "")

    async def tree(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Role, name and properties of each node of the accessibility tree."""
        nodes = (await self.call("Accessibility.getFullAXTree"))["nodes"]
        return [
            (
                node.get("role", {}).get("value", ""),
                node.get("name", {}).get("value", ""),
                {one["name"]: one["value"].get("value") for one in node.get("properties", ())},
            )
            for node in nodes
            if not node.get("ignored")
        ]

    async def shows(self, role: str, name: str) -> None:
        """Waits until there is such a node."""

        async def holds() -> bool:
            return any((role, name) == one[:2] for one in await self.tree())

        await wait_until(holds)

    async def size(self, width: int, height: int = 700, scale: float = 1) -> None:
        """The viewport in CSS pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    async def headers(self, **headers: str) -> None:
        """Headers of every request from now on."""
        await self.call("Network.setExtraHTTPHeaders", headers=headers)

    async def shot(self, file: Path) -> None:
        """The whole page as a picture."""
        picture = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(picture["data"]))


def _launch(directory: Path) -> subprocess.Popen[bytes]:
    assert PROGRAM is not None
    return subprocess.Popen(
        [
            PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
            "--remote-debugging-port=0", f"--user-data-dir={directory}", f"--user-agent={AGENT}", "about:blank",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "LANG": "C.UTF-8"},
    )  # fmt: skip


@asynccontextmanager
async def chromium(directory: Path) -> AsyncIterator[Tab]:
    """A browser with a profile of its own."""
    process = _launch(directory)
    try:
        port_file = directory / "DevToolsActivePort"
        async with asyncio.timeout(HANG_S):
            while not (port_file.exists() and "\n" in port_file.read_text()):
                assert process.poll() is None, "Chromium ended"
                await asyncio.sleep(0.05)
        port = port_file.read_text().split()[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as response:
                target = next(one for one in await response.json() if one["type"] == "page")
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=64 << 20) as socket:
                tab = Tab(socket)
                for domain in ("Page", "Runtime", "Network", "Accessibility"):
                    await tab.call(f"{domain}.enable")
                yield tab
    finally:
        process.terminate()
        process.wait()
