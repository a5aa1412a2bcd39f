"""The scan handler without Kafka: what it publishes or spools, and what the phone gets. The whole is in
test_scan_handler.py."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from gateway.brand.live import BrandView, LiveBrand
from gateway.http.admission import AdmissionLimit
from gateway.http.client_limit import ClientLimit
from gateway.http.responses import RawResponse
from gateway.identifiers.links import ValueLinks
from gateway.landing.live_address import LiveAddresses
from gateway.metrics import Metrics
from gateway.publish.clock import Clock
from gateway.publish.publisher import Publisher
from gateway.reply.pending import PendingReplies
from gateway.scan.device import DeviceCookies
from gateway.scan.page_visit import PageVisits
from gateway.scan.scan_handler import ScanHandler
from schemas.events import ScanMissed, ScanRouted, TouchpointRecorded
from schemas.identifiers.devices import IssuedDevices
from tests.support.gateway_process import IDENTIFIER_KEY

HELLO, SHOP = "https://corner.example/hello", "https://shop.corner.example/de/tea"
ISSUED = IssuedDevices(IDENTIFIER_KEY)
DEVICE = f"fp_device={ISSUED.signed('A' * 22)}"


class Acknowledged:
    acknowledged = True

    async def wait(self) -> None: ...


class Stream:
    """Kafka, the stream and the spool in memory: decides at once on every scan that waits for it."""

    partition, positioned = 0, True

    def __init__(self, away: bool = False) -> None:
        self.away = away
        self.published: list[TouchpointRecorded] = []
        self.spooled: list[TouchpointRecorded | ScanMissed | None] = []
        self._pending: dict[str, asyncio.Future[ScanRouted]] = {}

    def expect(self, scan_event_id: str) -> asyncio.Future[ScanRouted]:
        return self._pending.setdefault(scan_event_id, asyncio.get_running_loop().create_future())

    def forget(self, scan_event_id: str) -> None:
        del self._pending[scan_event_id]

    async def begin(self, event: TouchpointRecorded) -> Acknowledged | None:
        if self.away:
            return None
        self.published.append(event)
        if event.reply_partition is not None:
            self._pending[event.event_id].set_result(decision(event, len(self.published)))
        return Acknowledged()

    async def spool_scan(self, scan: TouchpointRecorded, missed: ScanMissed | None) -> None:
        self.spooled += [scan, missed]


def decision(scan: TouchpointRecorded, number: int) -> ScanRouted:
    """A page for posters, else a redirect."""
    return ScanRouted(
        event_id="r", occurred_at=1, scan_event_id=scan.event_id, person_id="p", moment="buy", route="shop",
        action="page" if scan.placement == "poster" else "redirect", destination=SHOP, title=f"Page {number}",
        label="Go", candidates=(), inputs="{}", brand_version="test",
    )  # fmt: skip


class Phone:
    """Sends requests to a handler as uvicorn would."""

    def __init__(self, brand_view: BrandView, stream: Stream) -> None:
        metrics, brand = Metrics(), cast(LiveBrand, type("Brand", (), {"view": lambda self: brand_view})())
        self._scan: Callable[..., Any] = ScanHandler(
            brand, ClientLimit(1000, (), metrics), AdmissionLimit(10), cast(Publisher, stream),
            cast(PendingReplies, stream), DeviceCookies(ISSUED), PageVisits(IDENTIFIER_KEY), Clock(), metrics, 2000,
            False, ValueLinks(),
            LiveAddresses(IDENTIFIER_KEY),
        ).scan  # fmt: skip

    async def get(self, tag: str, query: str = "", cookies: str = DEVICE, **headers: str) -> RawResponse:
        sent = {"cookie": cookies, **{name.replace("_", "-"): value for name, value in headers.items()}}
        response: RawResponse = await self._scan(
            {
                "type": "http", "method": "GET", "scheme": "http", "client": ("127.0.0.1", 1),
                "path_params": {"tag": tag}, "raw_path": f"/s/{tag}".encode(), "query_string": query.encode(),
                "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            }
        )  # fmt: skip
        return response


def header(response: RawResponse, name: str) -> str:
    return next((value.decode() for found, value in response.headers if found.decode() == name), "")


def page_cookie(response: RawResponse) -> str:
    found = [value.decode().partition(";")[0] for name, value in response.headers if value.startswith(b"fp_page=")]
    return "; ".join([DEVICE, *found])


@pytest.mark.parametrize("away", [False, True])
async def test_a_link_that_means_no_tag_is_durable_and_waits_for_no_decision(brand_view: BrandView, away: bool) -> None:
    stream = Stream(away)
    response = await Phone(brand_view, stream).get("gone", "utm_source=a&x=1")
    (scan,) = stream.published or stream.spooled[:1]
    assert isinstance(scan, TouchpointRecorded) and stream.spooled == ([scan, None] if away else [])
    assert (response.status, header(response, "location")) == (302, f"{HELLO}?utm_source=a")
    assert header(response, "footpath-event") == scan.event_id
    assert (scan.tag, scan.placement, json.loads(scan.properties)) == ("gone", "", {"query": {"utm_source": "a"}})


async def test_a_page_that_is_loaded_again_publishes_nothing(brand_view: BrandView) -> None:
    stream = Stream()
    phone = Phone(brand_view, stream)
    first = await phone.get("page-1")
    cookies = page_cookie(first)
    for _ in range(2):
        again = await Phone(brand_view, stream).get("page-1", cookies=cookies, cache_control="max-age=0")
        assert (again.status, again.body) == (200, first.body)
        assert header(again, "footpath-event") == header(first, "footpath-event")
    assert len(stream.published) == 1 and header(first, "cache-control") == "private, max-age=0"
    await phone.get("page-1", cookies=cookies)
    await phone.get("page-1", cache_control="max-age=0")
    await phone.get("evil-1", cookies=cookies, cache_control="max-age=0")
    assert [scan.tag for scan in stream.published] == ["page-1", "page-1", "page-1", "evil-1"]


async def test_a_redirect_leaves_nothing_to_load_again(brand_view: BrandView) -> None:
    stream = Stream()
    first = await Phone(brand_view, stream).get("SHELF-1.", "ref=7")
    assert (first.status, header(first, "location")) == (302, f"{SHOP}?ref=7") and page_cookie(first) == DEVICE
    assert header(first, "cache-control") == "", "no-store, as every response by default"
    assert [scan.tag for scan in stream.published] == ["shelf-1"]
