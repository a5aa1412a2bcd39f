"""The scan handler without Kafka: a phone that sends requests to it, and a stream that answers at once."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

from gateway.brand.live import BrandView, LiveBrand
from gateway.http.admission import AdmissionLimit
from gateway.http.client_limit import ClientLimit
from gateway.http.responses import RawResponse
from gateway.http.staff_sessions import Sessions
from gateway.identifiers.device_links import DeviceLinks
from gateway.identifiers.links import ValueLinks
from gateway.landing.live_address import LiveAddresses
from gateway.metrics import Metrics
from gateway.privacy.tokens import Tokens
from gateway.publish.clock import Clock
from gateway.publish.publisher import Publisher
from gateway.reply.pending import PendingReplies
from gateway.scan.device import DeviceCookies
from gateway.scan.first_scans import FirstScans
from gateway.scan.page_visit import PageVisits
from gateway.scan.personal_links import PersonalLinks
from gateway.scan.scan_handler import ScanHandler
from gateway.trust.counters import Counters
from gateway.trust.link_check import LinkCheck
from gateway.trust.nobodys import Nobodys
from gateway.trust.scan_trust import ScanTrust
from schemas.codec.avro import Codec
from schemas.events import Event, ScanMissed, ScanRouted, TagCounted, TouchpointRecorded
from schemas.identifiers.devices import IssuedDevices
from schemas.trust.keys import TagKeys
from tests.support.gateway_process import IDENTIFIER_KEY

SHOP = "https://shop.corner.example/de/tea"
SESSION_KEY = b"of the page of staff"
ISSUED = IssuedDevices(IDENTIFIER_KEY)
DEVICE = f"fp_device={ISSUED.signed('A' * 22)}"
BROWSER = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


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
        self.behind: list[Event] = []
        """What was published in the background."""
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

    def publish_in_background(self, event: Event) -> None:
        self.behind.append(event)

    async def spool_scan(self, scan: TouchpointRecorded, missed: ScanMissed | None) -> None:
        self.spooled += [scan, missed]


def decision(scan: TouchpointRecorded, number: int) -> ScanRouted:
    """A page for posters, else a redirect."""
    return ScanRouted(
        event_id="r", occurred_at=1, scan_event_id=scan.event_id, person_id="p", moment="buy", route="shop",
        action="page" if scan.placement == "poster" else "redirect", destination=SHOP, title=f"Page {number}",
        label="Go", candidates=(), inputs="{}", brand_version="test",
    )  # fmt: skip


def build_handler(
    brand: LiveBrand,
    clients: ClientLimit,
    stream: Stream,
    metrics: Metrics,
    keys: TagKeys | None = None,
    counters: Counters | None = None,
    clock: Clock | None = None,
    tls: bool = False,
) -> ScanHandler:
    """A handler of scans that publishes to the stream."""
    publisher = cast(Publisher, stream)
    counters = counters or Counters(None, Codec(), publisher)  # type: ignore[arg-type]
    trust = ScanTrust(LinkCheck(keys), counters, Nobodys(publisher, metrics), metrics)
    return ScanHandler(
        brand, clients, AdmissionLimit(10), publisher, cast(PendingReplies, stream), DeviceCookies(ISSUED),
        PageVisits(IDENTIFIER_KEY), clock or Clock(), metrics, 2000, tls, ValueLinks(),
        LiveAddresses(IDENTIFIER_KEY), DeviceLinks(IDENTIFIER_KEY), trust, FirstScans(ISSUED),
        Sessions(SESSION_KEY, "/staff"), PersonalLinks(IDENTIFIER_KEY), Tokens(IDENTIFIER_KEY).form,
    )  # fmt: skip


class ShiftedClock(Clock):
    """:ivar ahead_s: of the machine's clock."""

    def __init__(self, ahead_s: float) -> None:
        super().__init__()
        self.ahead = ahead_s

    def now_us(self) -> int:
        return time.time_ns() // 1000 + int(self.ahead * 1_000_000)


class Phone:
    """Sends requests to a handler, of a gateway of its own, as uvicorn would.

    :param ahead_s: of the gateway's clock.
    """

    def __init__(
        self,
        brand_view: BrandView,
        stream: Stream,
        keys: TagKeys | None = None,
        ahead_s: float = 0.0,
        tls: bool = False,
    ) -> None:
        metrics, brand = Metrics(), cast(LiveBrand, type("Brand", (), {"view": lambda self: brand_view})())
        clients = ClientLimit(1000, (), metrics)
        self.counters = Counters(None, Codec(), cast(Publisher, stream))  # type: ignore[arg-type]
        handler = build_handler(brand, clients, stream, metrics, keys, self.counters, ShiftedClock(ahead_s), tls)
        self._scan: Callable[..., Any] = handler.scan

    async def get(
        self, tag: str, query: str = "", cookies: str = DEVICE, method: str = "GET", **headers: str
    ) -> RawResponse:
        sent = {"user-agent": BROWSER, **({"cookie": cookies} if cookies else {})}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        response: RawResponse = await self._scan(
            {
                "type": "http", "method": method, "scheme": "http", "client": ("127.0.0.1", 1),
                "path_params": {"tag": tag}, "raw_path": f"/s/{tag}".encode(), "query_string": query.encode(),
                "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            }
        )  # fmt: skip
        return response


def header(response: RawResponse, name: str) -> str:
    return next((value.decode() for found, value in response.headers if found.decode() == name), "")


def cookies_set(response: RawResponse) -> dict[str, str]:
    """What the phone keeps of the response's cookies, and what it throws away as an empty value."""
    found = [value.decode().partition(";")[0] for name, value in response.headers if name == b"set-cookie"]
    return dict(one.split("=", 1) for one in found)


def counted(stream: Stream) -> list[TagCounted]:
    """The counts of chips that were published."""
    return [event for event in stream.behind if isinstance(event, TagCounted)]


def nobodys(stream: Stream) -> list[tuple[str, tuple[str, ...]]]:
    """Kind and reasons of the touchpoints without a person."""
    return [(e.type, e.trust_reasons) for e in stream.behind if isinstance(e, TouchpointRecorded) and e.trust == 0]
