"""Simulated shoppers with the real gateway: on the topics, through an outage of the gateway, and until SIGTERM."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from schemas.events import StockReported, TouchpointRecorded
from schemas.kinds import OVERRIDES
from schemas.topics import EVENT_REJECTED, STOCK_REPORTED, TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED
from tests.support.demo_gateway import KEY, DemoGateway
from tests.support.hangs import HANG_S
from tests.support.topic_reader import ends, read

STOCK = 4 * 15


def start_shoppers(gateway: DemoGateway, data: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "FOOTPATH_DATA": str(data),
        "FOOTPATH_GATEWAY": gateway.target.gateway,
        "FOOTPATH_API_KEY": KEY,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.cli.main", "shoppers", "--count", "20", "--pace", "0.05", "--seed", "1"],
        env=environment,
        stderr=subprocess.PIPE,
    )


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + HANG_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_shoppers_publish_outlive_the_gateway_and_stop_at_sigterm(gateway: DemoGateway, tmp_path: Path) -> None:
    starts = ends(gateway, TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED, STOCK_REPORTED, EVENT_REJECTED)

    def seen() -> list[TouchpointRecorded]:
        events = read(gateway, TOUCHPOINT_RECORDED, ("scan",), starts)
        events += read(gateway, TOUCHPOINT_RECEIVED, ("test",), starts)
        return [event for event in events if event.type not in OVERRIDES]

    def types() -> Counter[str]:
        return Counter(event.type for event in seen())

    with gateway.running() as first:
        process = start_shoppers(gateway, tmp_path)
        wanted = {"scan", "nfc_tap", "store_entry", "sale", "return", "page_view", "ad_click"}
        wait_until(lambda: wanted <= types().keys(), f"not all of {wanted} were seen")
        first.kill()
    before = types()["scan"]
    assert process.poll() is None
    with gateway.running():
        wait_until(lambda: types()["scan"] > before + 20, "no scan after the outage")
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=HANG_S)
        assert process.returncode == 0, log.decode()

    stock: list[StockReported] = read(gateway, STOCK_REPORTED, ("test",), starts)
    assert len({(event.store, event.sku) for event in stock}) == STOCK and len(stock) > STOCK
    sales = {event.event_id: event for event in seen() if event.type == "sale"}
    for event in seen():
        assert event.identifiers and event.primary_identifier.startswith("device:")
        if event.type == "return":
            assert event.amount_micros == sales[event.related_event_id].amount_micros
    assert len({event.primary_identifier for event in seen()}) == 20, "each phone keeps its cookie"
    refused = read(gateway, EVENT_REJECTED, ("",), starts)
    assert not [event.detail for event in refused if event.stage == "gateway" and "properties" in event.detail]
