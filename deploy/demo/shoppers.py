"""Simulated shoppers: each a phone with its own cookies that follows links, and a till and shelves that tell of it."""

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

from deploy.demo.street import Act, Buy, Count, Follow, GiveBack, Say, Shelves, build_shelves, visit
from deploy.setup.brand import check
from deploy.target import Target
from schemas.brand.model import Brand

TIMEOUT_S = 5.0
RETRY_PAUSE_S = 1.0
DEVICE_COOKIE = "fp_device"
SENT_AT_ONCE = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Street:
    """What all shoppers share."""

    brand: Brand
    target: Target
    shelves: Shelves
    random: Random
    pace_s: float
    staff: aiohttp.ClientSession


def main(brand_dir: Path, target: Target, count: int, seed: int | None, pace_s: float) -> int:
    """Walks until SIGTERM or SIGINT; a gateway that is away is waited for. :returns: 0.

    :param pace_s: mean time between two acts of one shopper; at 6 s twenty of them make some three events a second.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    asyncio.run(walk(check([brand_dir]), target, count, Random(seed), pace_s))
    return 0


async def walk(brand: Brand, target: Target, count: int, random: Random, pace_s: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _session() as staff:
        street = Street(brand, target, build_shelves(brand, random), random, pace_s, staff)
        shoppers = [_shopper(street, Random(random.random())) for _ in range(count)]
        walking = asyncio.gather(_fill_shelves(street), *shoppers)
        stopped = asyncio.create_task(stop.wait())
        try:
            futures: list[asyncio.Future[Any]] = [stopped, walking]
            await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
            if walking.done():  # they walk for ever: only a bug ends them
                walking.result()
        finally:
            stopped.cancel()
            walking.cancel()
            await asyncio.gather(stopped, walking, return_exceptions=True)


async def _fill_shelves(street: Street) -> None:
    counts = [_stock_event(street, Count(store, sku, units)) for (store, sku), units in street.shelves.units.items()]
    for start in range(0, len(counts), SENT_AT_ONCE):
        await _post(street, counts[start : start + SENT_AT_ONCE])
    log.info("%d shelves counted", len(counts))


async def _shopper(street: Street, random: Random) -> None:
    async with _session() as phone:
        shopper = Shopper(street, phone, random)
        while True:
            for act in visit(street.brand, street.shelves, random):
                if not isinstance(act, Count):  # staff count while the shopper goes on
                    await asyncio.sleep(random.expovariate(1 / street.pace_s))
                await shopper.do(act)
            await asyncio.sleep(random.expovariate(1 / street.pace_s))


class Shopper:
    """One person: the phone's cookies and the last purchase."""

    def __init__(self, street: Street, phone: aiohttp.ClientSession, random: Random) -> None:
        self._street = street
        self._phone = phone
        self._random = random
        self._bought: dict[str, Any] | None = None

    async def do(self, act: Act) -> None:
        match act:
            case Follow(tag):
                await self._follow(tag)
            case Count():
                await _post(self._street, [_stock_event(self._street, act)])
            case Say():
                names = ("store", "product", "campaign", "channel")
                await self._tell(act.type, {name: getattr(act, name) for name in names if getattr(act, name)})
            case Buy():
                await self._buy(act)
            case GiveBack():
                await self._give_back()

    async def _follow(self, tag: str) -> None:
        try:
            async with self._phone.get(f"{self._street.target.gateway}/s/{tag}", allow_redirects=False) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("scan of %s failed: %s", tag, type(error).__name__)
            await asyncio.sleep(RETRY_PAUSE_S)

    async def _buy(self, act: Buy) -> None:
        amount = sum(quantity * price for _, quantity, price in act.lines)
        properties = {
            "amount": str(amount),
            "currency": self._street.brand.about.currency,
            "lines": [
                {"sku": sku, "quantity": quantity, "amount": str(quantity * price)}
                for sku, quantity, price in act.lines
            ],
        }
        event_id = await self._tell("sale", {"store": act.store, "properties": properties})
        if event_id:
            self._bought = {"store": act.store, "properties": {**properties, "sale_event_id": event_id}}

    async def _give_back(self) -> None:
        if self._bought:
            bought, self._bought = self._bought, None
            await self._tell("return", bought)

    async def _tell(self, kind: str, fields: Mapping[str, Any]) -> str:
        """Sends an event about this person; empty while nothing has given the phone an identity yet."""
        device = self._phone.cookie_jar.filter_cookies(URL(self._street.target.gateway)).get(DEVICE_COOKIE)
        if device is None:
            return ""
        event = _event(self._random, kind) | {"identifiers": [{"type": "device", "value": device.value}]} | dict(fields)
        await _post(self._street, [event])
        return str(event["event_id"])


def _stock_event(street: Street, count: Count) -> dict[str, Any]:
    properties = {"sku": count.sku, "quantity": count.quantity}
    return _event(street.random, "stock_reported") | {"store": count.store, "properties": properties}


def _event(random: Random, kind: str) -> dict[str, Any]:
    event_id = UUID(int=random.getrandbits(128), version=4)
    return {"event_id": str(event_id), "type": kind, "occurred_at": datetime.now(UTC).isoformat()}


async def _post(street: Street, events: list[dict[str, Any]]) -> None:
    """Sends events until the gateway has them: a till keeps what it could not send. The ids make a repeat harmless."""
    headers = {"Authorization": f"Bearer {street.target.api_key}"}
    while True:
        try:
            async with street.staff.post(
                f"{street.target.gateway}/v1/events", json={"events": events}, headers=headers
            ) as answer:
                if answer.status < 500 and answer.status != 429:
                    if answer.status != 202:
                        log.warning("events refused: %d", answer.status)
                    return
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("events wait: %s", type(error).__name__)
        await asyncio.sleep(RETRY_PAUSE_S)


def _session() -> aiohttp.ClientSession:
    # unsafe=True lets a jar keep cookies of an address without a name, such as 127.0.0.1
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        headers={"User-Agent": "Mozilla/5.0 (Linux; Android 15) Footpath-Shopper/1"},
    )
