"""``GET /s/{tag}``: the scan is made durable, the stream decides, and the phone gets one response within the deadline.

A response with ``Footpath-Event`` states that the scan is recorded: either the stream's decision proves that Kafka has
it, or Kafka has acknowledged it, or the spool has synced it. When none of them is possible the phone still gets the
tag's fallback, without that header. A link that means no tag leads to the brand's fallback and is recorded as well. A
page that a phone loads again is the same page, and no new scan (gateway/scan/page_visit.py).
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote

import msgspec
from starlette.types import Scope

from gateway.brand.link_query import with_parameters
from gateway.brand.live import BrandView, LiveBrand
from gateway.http.admission import AdmissionLimit
from gateway.http.client_limit import ClientLimit
from gateway.http.languages import language_of
from gateway.http.privacy_control import sends_gpc
from gateway.http.responses import RawHeaders, RawResponse
from gateway.identifiers.links import ValueLinks
from gateway.landing.page import Page
from gateway.metrics import Metrics
from gateway.publish.clock import Clock
from gateway.publish.publisher import Publisher
from gateway.publish.spool import SpoolFull
from gateway.reply.pending import PendingReplies
from gateway.scan.device import DeviceCookies, cookies_of
from gateway.scan.digital_link import DigitalLinkScan
from gateway.scan.page_response import page_response
from gateway.scan.page_visit import COOKIE, PageVisits, is_reload
from gateway.scan.touchpoint import build_touchpoint, build_unknown_touchpoint
from gateway.scan.unknown_tags import UnknownTags
from schemas.brand.model import Tag, is_registered
from schemas.brand.routes import FALLBACK as FALLBACK_ROUTE
from schemas.events import ScanMissed, ScanRouted, TouchpointRecorded
from schemas.identifiers.named import Named
from schemas.identifiers.types import DEVICE
from schemas.ids import derived
from schemas.reasons import DropReason, MissReason

log = logging.getLogger(__name__)

ROUTED, FALLBACK = "routed", "fallback"
NO_PARAMETERS: Mapping[str, str] = {}


class Scan(msgspec.Struct, frozen=True, gc=False):
    """A scan that is being answered. ``tag`` is None when its link means none; ``path`` is that of the request, as it
    was sent; ``parameters`` are those of its query that count; ``headers`` are those of the request.
    """

    brand_view: BrandView
    tag: Tag | None
    event: TouchpointRecorded
    device: str
    path: bytes
    https: bool
    parameters: Mapping[str, str]
    arrived_s: float
    headers: list[tuple[bytes, bytes]]

    def served(self, destination: str) -> str:
        """The destination as the phone gets it."""
        return _passed_on(destination, self.brand_view, self.parameters)


class ScanHandler:
    """:param deadline_ms: from the arrival of a scan to its response.

    :param tls: clients reach the gateway by HTTPS even where their connection to it is plain.
    """

    def __init__(
        self,
        brand: LiveBrand,
        clients: ClientLimit,
        admission: AdmissionLimit,
        publisher: Publisher,
        replies: PendingReplies,
        devices: DeviceCookies,
        visits: PageVisits,
        clock: Clock,
        metrics: Metrics,
        deadline_ms: int,
        tls: bool,
        links: ValueLinks,
    ) -> None:
        self._brand = brand
        self._clients = clients
        self._admission = admission
        self._publisher = publisher
        self._replies = replies
        self._devices = devices
        self._visits = visits
        self._clock = clock
        self._metrics = metrics
        self._deadline_s = deadline_ms / 1000
        self._tls = tls
        self._links = links
        self._unknown = UnknownTags()

    async def scan(self, scope: Scope, link: DigitalLinkScan | None = None) -> RawResponse:
        """The response to a phone that follows a tag. HEAD gets the fallback and is not recorded as a scan.

        :param link: what the path means where it names no tag by its id.
        :raises RequestError: ADDRESS_RATE or NO_BRAND.
        """
        arrived_s = time.monotonic()
        client = self._clients.admit(scope) if link is None else link.client
        brand_view = self._brand.view()
        written = scope["path_params"]["tag"] if link is None else link.written
        tag = brand_view.tags.find(written) if link is None else link.tag
        parameters = brand_view.query.recorded(scope["query_string"]) if scope["query_string"] else NO_PARAMETERS
        if scope["method"] == "HEAD":
            return _fallback(_passed_on(_fallback_of(brand_view, tag), brand_view, parameters), [])
        cookies = cookies_of(scope["headers"])
        https, now_us = client.https or self._tls, self._clock.now_us()
        found = self._devices.device_of(cookies, https, now_us / 1_000_000)
        device = found.id
        headers = [(b"set-cookie", cookie) for cookie in self._devices.set_cookies(found, https)]
        if tag is not None and COOKIE in cookies and is_reload(scope["headers"]):
            again = self._visits.page(cookies[COOKIE], device, tag.id, now_us / 1_000_000)
            if again is not None and _is_registered(again[1].destination, brand_view.brand.about.destinations):
                self._metrics.scan_count("reloaded").inc()
                event_id = (b"footpath-event", again[0].encode())
                return self._page(brand_view, again[1], scope["headers"], [*headers, event_id])
        gpc = sends_gpc(scope["headers"])
        language = language_of(scope["headers"], brand_view.languages)
        if tag is None:
            tag_id = self._unknown.recorded(written, now_us)
            event = build_unknown_touchpoint(brand_view, tag_id, device, now_us, parameters, gpc, language)
        else:
            partition = self._replies.partition if self._replies.positioned else None
            event = build_touchpoint(brand_view, tag, device, now_us, partition, parameters, gpc, language)
        if link is not None:
            event = link.stated(event)
        if brand_view.pseudonyms.has_others:
            self._link(brand_view, event.primary_identifier, device, now_us)
        scan = Scan(
            brand_view, tag, event, device, scope.get("raw_path") or b"", https, parameters, arrived_s, scope["headers"]
        )
        response = await self._respond(scan, headers)
        self._metrics.scan_seconds.observe(time.monotonic() - arrived_s)
        return response

    def _link(self, brand_view: BrandView, identifier: str, device: str, now_us: int) -> None:
        links = self._links.events((Named(identifier, DEVICE, device, "", ""),), brand_view, now_us)
        for link in links:
            self._publisher.publish_in_background(link)
        self._links.published(links)

    async def _respond(self, scan: Scan, headers: RawHeaders) -> RawResponse:
        if self._admission.full:
            return self._unrecorded(scan, headers)
        with self._admission:
            try:
                outcome = await self._decide(scan)
            except SpoolFull:
                return self._unrecorded(scan, headers)
        headers.append((b"footpath-event", scan.event.event_id.encode()))
        if isinstance(outcome, ScanRouted):
            if _is_registered(outcome.destination, scan.brand_view.brand.about.destinations):
                self._metrics.scan_count(ROUTED).inc()
                return self._routed(scan, outcome, headers)
            log.error("route %s leads to an unregistered destination", outcome.route)
            outcome = "unregistered"
        self._metrics.scan_count(outcome).inc()
        return _fallback(scan.served(_fallback_of(scan.brand_view, scan.tag)), headers)

    async def _decide(self, scan: Scan) -> ScanRouted | str:
        """The decision, or the reason why there is none; when it returns the scan is durable.

        :raises SpoolFull: the scan is not recorded.
        """
        pending = None
        event = scan.event
        reply = self._replies.expect(event.event_id)
        try:
            async with asyncio.timeout(scan.arrived_s + self._deadline_s - time.monotonic()):
                pending = await self._publisher.begin(event)
                if pending is not None and event.reply_partition is not None:
                    return await reply
                if pending is not None:
                    await pending.wait()
        except TimeoutError:
            if reply.done() and not reply.cancelled():
                return reply.result()
        finally:
            self._replies.forget(event.event_id)
        in_kafka = pending is not None and pending.acknowledged
        missed = _missed(scan, MissReason.LATE if in_kafka else MissReason.UNAVAILABLE)
        if not in_kafka:
            await self._publisher.spool_scan(event, missed)
        elif missed is not None:
            self._publisher.publish_in_background(missed)
        return missed.reason if missed is not None else DropReason.UNKNOWN_TAG

    def _routed(self, scan: Scan, decision: ScanRouted, headers: RawHeaders) -> RawResponse:
        destination = decision.destination
        if decision.route == FALLBACK_ROUTE:
            # The stream does not know what the gateway found behind a GS1 Digital Link.
            destination = _fallback_of(scan.brand_view, scan.tag)
        if scan.parameters:
            destination = scan.served(destination)
        if decision.action != "page":
            return _redirect(destination, [*headers, (b"footpath-outcome", ROUTED.encode())])
        page = Page(decision.title, decision.text, decision.label, destination, decision.content)
        cookie = self._visits.cookie(
            page,
            scan.event.event_id,
            scan.device,
            scan.event.tag,
            scan.event.received_at / 1_000_000,
            scan.path,
            scan.https,
        )
        if cookie is not None:
            headers = [*headers, (b"set-cookie", cookie)]
        return self._page(scan.brand_view, page, scan.headers, headers)

    def _page(
        self, brand_view: BrandView, page: Page, request: Iterable[tuple[bytes, bytes]], headers: RawHeaders
    ) -> RawResponse:
        outcome = (b"footpath-outcome", ROUTED.encode())
        return page_response(brand_view, page, self._visits.base, request, [*headers, outcome])

    def _unrecorded(self, scan: Scan, headers: RawHeaders) -> RawResponse:
        self._metrics.scan_count("unrecorded").inc()
        return _fallback(scan.served(_fallback_of(scan.brand_view, scan.tag)), headers)


def _missed(scan: Scan, reason: MissReason) -> ScanMissed | None:
    """The record of a decision that did not come; None for a link that means no tag, on which nobody decides."""
    if scan.tag is None:
        return None
    event = scan.event
    return ScanMissed(
        event_id=derived("missed", event.event_id),
        scan_event_id=event.event_id,
        tag=event.tag,
        destination=_fallback_of(scan.brand_view, scan.tag),
        reason=reason,
        waited_ms=(time.monotonic() - scan.arrived_s) * 1000,
        occurred_at=event.occurred_at,
    )


def _fallback_of(brand_view: BrandView, tag: Tag | None) -> str:
    """Where a link leads without a decision."""
    return brand_view.brand.about.fallback if tag is None else brand_view.brand.fallback_of(tag)


def _passed_on(destination: str, brand_view: BrandView, parameters: Mapping[str, str]) -> str:
    """The destination, with the link's parameters where the brand passes them on."""
    if parameters and brand_view.brand.about.query.pass_on:
        return with_parameters(destination, parameters)
    return destination


def _fallback(destination: str, headers: RawHeaders) -> RawResponse:
    return _redirect(destination, [*headers, (b"footpath-outcome", FALLBACK.encode())])


def _redirect(destination: str, headers: RawHeaders) -> RawResponse:
    return RawResponse(302, [(b"location", _location(destination)), *headers])


# A brand has few destinations, and each scan needs one.
_is_registered = lru_cache(1024)(is_registered)


@lru_cache(1024)
def _location(destination: str) -> bytes:
    """The value of a Location header: what a URL may not contain is percent-encoded, what is encoded stays so."""
    return quote(destination, safe=":/%#?=@[]!$&'()*+,;").encode()
