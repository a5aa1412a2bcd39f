"""Shoppers before the real gateway: seen on the topics, still there when it is back, gone when told."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from schemas.events import StockReported, TouchpointRecorded
from schemas.kinds import VERDICTS
from schemas.topics import EVENT_REJECTED, STOCK_REPORTED, TOUCHPOINT_RECORDED
from tests.deploy.gateways import KEY, Gateway
from tests.deploy.reading import ends, read

STOCK = 4 * 15


def walk(gateway: Gateway, data: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "FOOTPATH_DATA": str(data),
        "FOOTPATH_GATEWAY": gateway.target.gateway,
        "FOOTPATH_API_KEY": KEY,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "shoppers", "--count", "20", "--pace", "0.05", "--seed", "1"],
        env=environment,
        stderr=subprocess.PIPE,
    )


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = 40) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_shoppers_are_seen_outlive_the_gateway_and_stop_when_told(gateway: Gateway, tmp_path: Path) -> None:
    starts = ends(gateway, TOUCHPOINT_RECORDED, STOCK_REPORTED, EVENT_REJECTED)

    def seen() -> list[TouchpointRecorded]:
        events = read(gateway, TOUCHPOINT_RECORDED, ("scan", "test"), starts)
        return [event for event in events if event.type not in VERDICTS]

    def types() -> Counter[str]:
        return Counter(event.type for event in seen())

    with gateway.running() as first:
        process = walk(gateway, tmp_path)
        wanted = {"scan", "nfc_tap", "store_entry", "sale", "return", "page_view", "ad_click"}
        wait_until(lambda: wanted <= types().keys(), f"not all of {wanted} were seen")
        first.kill()
    before = types()["scan"]
    assert process.poll() is None
    with gateway.running():
        wait_until(lambda: types()["scan"] > before + 20, "they do not go on")
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)
        assert process.returncode == 0, log.decode()

    stock: list[StockReported] = read(gateway, STOCK_REPORTED, ("test",), starts)
    assert len({(event.store, event.sku) for event in stock}) == STOCK and len(stock) > STOCK
    sales = {event.event_id: event for event in seen() if event.type == "sale"}
    for event in seen():
        assert event.identifiers and event.anchor.startswith("device:")
        if event.type == "return":
            assert event.amount_micros == sales[event.related_event_id].amount_micros
    assert len({event.anchor for event in seen()}) == 20, "each phone keeps its cookie"
    refused = read(gateway, EVENT_REJECTED, ("",), starts)
    assert not [event.detail for event in refused if event.stage == "gateway" and "properties" in event.detail]
