"""Simulated shoppers: each is a phone with its own cookies that opens links; a till and staff send the other events."""

import asyncio
import logging
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import aiohttp
from yarl import URL

from deploy.demo.simulated_shop import (
    Action,
    Purchase,
    Return,
    Scan,
    Shelves,
    SimpleEvent,
    StockCount,
    build_shelves,
    in_one_region,
    visit,
)
from deploy.setup.brand import check
from deploy.target import Target
from schemas.brand.model import Brand

TIMEOUT_S = 5.0
RETRY_PAUSE_S = 1.0
DEVICE_COOKIE = "fp_device"
SENT_AT_ONCE = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shop:
    """What all shoppers share; ``staff`` is the HTTP session of till and staff, ``pace_s`` see `main`."""

    brand: Brand
    target: Target
    shelves: Shelves
    random: Random
    pace_s: float
    staff: aiohttp.ClientSession


def main(brand_dir: Path, target: Target, count: int, seed: int | None, pace_s: float) -> int:
    """Simulates shoppers until SIGTERM or SIGINT; an unavailable gateway is retried. :returns: 0.

    :param count: number of shoppers.
    :param pace_s: mean seconds between two actions of one shopper; twenty shoppers at 6 s send about 3 events a second.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    asyncio.run(simulate(check([brand_dir]), target, count, Random(seed), pace_s))
    return 0


async def simulate(brand: Brand, target: Target, count: int, random: Random, pace_s: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _session() as staff:
        shop = Shop(brand, target, build_shelves(brand, random), random, pace_s, staff)
        shoppers = [_shopper(shop, Random(random.random())) for _ in range(count)]
        simulation = asyncio.gather(_report_stock(shop), *shoppers)
        stopped = asyncio.create_task(stop.wait())
        try:
            futures: list[asyncio.Future[Any]] = [stopped, simulation]
            await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
            if simulation.done():  # the simulation has no end: only a bug ends it
                simulation.result()
        finally:
            stopped.cancel()
            simulation.cancel()
            await asyncio.gather(stopped, simulation, return_exceptions=True)


async def _report_stock(shop: Shop) -> None:
    counts = [_stock_event(shop, StockCount(store, sku, units)) for (store, sku), units in shop.shelves.units.items()]
    for start in range(0, len(counts), SENT_AT_ONCE):
        await _post(shop, counts[start : start + SENT_AT_ONCE])
    log.info("stock of %d shelves reported", len(counts))


async def _shopper(shop: Shop, random: Random) -> None:
    async with _session() as phone:
        shopper = Shopper(shop, phone, random)
        brand = in_one_region(shop.brand, random)
        while True:
            for action in visit(brand, shop.shelves, random):
                if not isinstance(action, StockCount):  # staff report stock without a pause of the shopper
                    await asyncio.sleep(random.expovariate(1 / shop.pace_s))
                await shopper.perform(action)
            await asyncio.sleep(random.expovariate(1 / shop.pace_s))


class Shopper:
    """One shopper: the phone's cookies and the last purchase."""

    def __init__(self, shop: Shop, phone: aiohttp.ClientSession, random: Random) -> None:
        self._shop = shop
        self._phone = phone
        self._random = random
        self._last_purchase: dict[str, Any] | None = None

    async def perform(self, action: Action) -> None:
        """Sends the events of the action; waits while the gateway is unavailable."""
        match action:
            case Scan(tag):
                await self._scan(tag)
            case StockCount():
                await _post(self._shop, [_stock_event(self._shop, action)])
            case SimpleEvent():
                names = ("store", "product", "campaign", "channel")
                await self._send(action.type, {name: getattr(action, name) for name in names if getattr(action, name)})
            case Purchase():
                await self._purchase(action)
            case Return():
                await self._return()

    async def _scan(self, tag: str) -> None:
        try:
            async with self._phone.get(f"{self._shop.target.gateway}/s/{tag}", allow_redirects=False) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("scan of %s failed: %s", tag, type(error).__name__)
            await asyncio.sleep(RETRY_PAUSE_S)

    async def _purchase(self, purchase: Purchase) -> None:
        amount = sum(quantity * price for _, quantity, price in purchase.lines)
        properties = {
            "amount": str(amount),
            "currency": self._shop.brand.about.currency,
            "lines": [
                {"sku": sku, "quantity": quantity, "amount": str(quantity * price)}
                for sku, quantity, price in purchase.lines
            ],
        }
        event_id = await self._send("sale", {"store": purchase.store, "properties": properties})
        if event_id:
            self._last_purchase = {"store": purchase.store, "properties": {**properties, "sale_event_id": event_id}}

    async def _return(self) -> None:
        if self._last_purchase:
            purchase, self._last_purchase = self._last_purchase, None
            await self._send("return", purchase)

    async def _send(self, kind: str, fields: Mapping[str, Any]) -> str:
        """Sends an event of this shopper and returns its id; empty as long as the phone has no device cookie."""
        device = self._phone.cookie_jar.filter_cookies(URL(self._shop.target.gateway)).get(DEVICE_COOKIE)
        if device is None:
            return ""
        event = _event(self._random, kind) | {"identifiers": [{"type": "device", "value": device.value}]} | dict(fields)
        await _post(self._shop, [event])
        return str(event["event_id"])


def _stock_event(shop: Shop, count: StockCount) -> dict[str, Any]:
    properties = {"sku": count.sku, "quantity": count.quantity}
    return _event(shop.random, "stock_reported") | {"store": count.store, "properties": properties}


def _event(random: Random, kind: str) -> dict[str, Any]:
    event_id = UUID(int=random.getrandbits(128), version=4)
    return {"event_id": str(event_id), "type": kind, "occurred_at": datetime.now(UTC).isoformat()}


async def _post(shop: Shop, events: list[dict[str, Any]]) -> None:
    """Sends events until the gateway answers, as a till does. A repetition is harmless because of the event ids."""
    headers = {"Authorization": f"Bearer {shop.target.api_key}"}
    while True:
        try:
            async with shop.staff.post(
                f"{shop.target.gateway}/v1/events", json={"events": events}, headers=headers
            ) as answer:
                if answer.status < 500 and answer.status != 429:
                    if answer.status != 202:
                        log.warning("events refused with status %d", answer.status)
                    return
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("events are retried: %s", type(error).__name__)
        await asyncio.sleep(RETRY_PAUSE_S)


def _session() -> aiohttp.ClientSession:
    # unsafe=True lets the jar store cookies of an IP address such as 127.0.0.1
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        headers={"User-Agent": "Mozilla/5.0 (Linux; Android 15) Footpath-Shopper/1"},
    )
