"""``GET /s/{tag}``: the scan is made durable, the stream decides, and the phone gets one response within the deadline.

A response with ``Footpath-Event`` states that the scan is recorded: either the stream's decision proves that Kafka has
it, or Kafka has acknowledged it, or the spool has synced it. When none of them is possible the phone still gets the
tag's fallback, without that header. A link that means no tag leads to the brand's fallback and is recorded as well. A
page that a phone loads again is the same page, and no new scan (gateway/scan/page_visit.py), and so is a second tap
within seconds. Who only looks gets a preview, and a link that proves nothing where its tag demands it is refused
(gateway/trust/).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial

from starlette.types import Scope

from gateway.brand.live import BrandView, LiveBrand
from gateway.http.admission import AdmissionLimit
from gateway.http.client_limit import ClientLimit
from gateway.http.languages import language_of
from gateway.http.privacy_control import sends_gpc
from gateway.http.responses import RawHeaders, RawResponse
from gateway.http.staff_sessions import Sessions, holder_of_badge
from gateway.identifiers.device_links import DeviceLinks
from gateway.identifiers.links import ValueLinks
from gateway.landing.live_address import LiveAddresses
from gateway.landing.page import Page
from gateway.metrics import Metrics
from gateway.publish.clock import Clock
from gateway.publish.publisher import Publisher
from gateway.publish.spool import SpoolFull
from gateway.reply.pending import PendingReplies
from gateway.scan.device import Device, DeviceCookies, cookies_of
from gateway.scan.digital_link import DigitalLinkScan
from gateway.scan.first_scans import FirstScans
from gateway.scan.one_scan import Scan, missed_of
from gateway.scan.page_response import page_response
from gateway.scan.page_visit import (
    COOKIE,
    DOUBLE_TAP_S,
    WINDOW_S,
    PageVisits,
    is_redirect,
    is_reload,
    redirect_to,
    visited,
)
from gateway.scan.personal_links import PersonalLinks
from gateway.scan.redirects import ROUTED, fallback, fallback_of, passed_on, redirect, with_device
from gateway.scan.same_scan import SameScans
from gateway.scan.touchpoint import build_touchpoint, build_unknown_touchpoint
from gateway.scan.unknown_tags import UnknownTags
from gateway.trust.looks import PREVIEW
from gateway.trust.scan_trust import ScanTrust
from schemas.brand.model import is_registered
from schemas.brand.routes import FALLBACK as FALLBACK_ROUTE
from schemas.events import ScanRouted
from schemas.identifiers.dead import EVER_AFTER
from schemas.identifiers.devices import new_device
from schemas.identifiers.named import Named
from schemas.identifiers.rotation import same_value
from schemas.identifiers.types import DEVICE
from schemas.reasons import DropReason, MissReason, TrustReason

log = logging.getLogger(__name__)

NO_PARAMETERS: Mapping[str, str] = {}
FIRST_SCANS = "first scans"
"""Source of the events that link devices (gateway/scan/first_scans.py)."""


class ScanHandler:
    """:param deadline_ms: from the arrival of a scan to its response.

    :param tls: clients reach the gateway by HTTPS even where their connection to it is plain.

    :param token: gives the token of a form, by what it is for and the time in seconds.
    """

    def __init__(
        self,
        brand: LiveBrand,
        clients: ClientLimit,
        admission: AdmissionLimit,
        publisher: Publisher,
        replies: PendingReplies[ScanRouted],
        devices: DeviceCookies,
        visits: PageVisits,
        clock: Clock,
        metrics: Metrics,
        deadline_ms: int,
        tls: bool,
        links: ValueLinks,
        live: LiveAddresses,
        device_links: DeviceLinks,
        trust: ScanTrust,
        first_scans: FirstScans,
        sessions: Sessions,
        personal: PersonalLinks,
        token: Callable[[str, float], str],
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
        self._live = live
        self._device_links = device_links
        self._unknown = UnknownTags()
        self._trust = trust
        self._first_scans = first_scans
        self._sessions = sessions
        self._personal = personal
        self._token = token
        self._same_scans = SameScans()

    async def scan(self, scope: Scope, link: DigitalLinkScan | None = None) -> RawResponse:
        """The response to a phone that follows a tag, or to whoever looks at its link.

        :param link: what the path means where it names no tag by its id.
        :raises RequestError: ADDRESS_RATE or NO_BRAND.
        """
        arrived_s = time.monotonic()
        client = self._clients.admit(scope) if link is None else link.client
        brand_view = self._brand.view()
        written = scope["path_params"]["tag"] if link is None else link.written
        tag = brand_view.tags.find(written) if link is None else link.tag
        referrer = ""
        if tag is None and link is None and (personal := self._personal.followed(written, brand_view)) is not None:
            tag, referrer = personal
        headers, now_us = scope["headers"], self._clock.now_us()
        look = self._trust.look(scope["method"], headers)
        if look.preview:
            preview = self._trust.preview(look, client.address, brand_view, tag, now_us)
            if look.preview != TrustReason.HEAD:
                return preview
            where = passed_on(
                fallback_of(brand_view, tag), brand_view, brand_view.query.recorded(scope["query_string"])
            )
            return redirect(where, [(b"footpath-outcome", PREVIEW.encode())])
        cookies, https = cookies_of(headers), client.https or self._tls
        known = self._devices.known(cookies, https, now_us / 1_000_000)
        found = known or Device(new_device())
        answered = self._cookies(brand_view, found, known is None, cookies, https, now_us)
        query = scope["query_string"]
        parameters = brand_view.query.recorded(query) if query else NO_PARAMETERS
        if tag is not None and COOKIE in cookies:
            window_s = WINDOW_S if is_reload(headers) else DOUBLE_TAP_S
            texts, again_of = brand_view.known_texts.of(tag), visited(tag.id, parameters)
            again = self._visits.page(cookies[COOKIE], found.id, again_of, now_us / 1_000_000, texts, window_s)
            if again is not None and _is_registered(again[1].destination, brand_view.brand.about.destinations):
                self._metrics.scan_count("reloaded").inc()
                answered.append((b"footpath-event", again[0].encode()))
                return self._shown(brand_view, again[1], again[0], found.id, headers, answered)
        assessment = self._trust.assess(look, brand_view, tag, query, headers, client.address, now_us)
        if assessment.refused is not None:
            return assessment.refused
        gpc, doubts = sends_gpc(headers), assessment.reasons
        if tag is not None and not doubts and (holder := holder_of_badge(tag)) is not None:
            answered.append((b"set-cookie", self._sessions.begun(holder, https, now_us / 1_000_000)))
        language = language_of(headers, brand_view.languages)
        if tag is None:
            tag_id = self._unknown.recorded(written, now_us)
            event = build_unknown_touchpoint(brand_view, tag_id, found.id, now_us, parameters, gpc, language, doubts)
        else:
            partition = self._replies.partition if self._replies.positioned else None
            event = build_touchpoint(
                brand_view, tag, found.id, now_us, partition, parameters, gpc, language, doubts, referrer
            )
        if link is not None:
            event = link.stated(event)
        if brand_view.pseudonyms.has_others:
            self._link(brand_view, event.primary_identifier, found.id, now_us)
        path = scope.get("raw_path") or b""
        scan = Scan(brand_view, tag, event, found.id, path, https, parameters, arrived_s, headers)
        if tag is not None and known is not None:
            response = await self._same_scans.answer(
                found.id, visited(tag.id, parameters), lambda: self._respond(scan, answered)
            )
        else:
            response = await self._respond(scan, answered)
        self._metrics.scan_seconds.observe(time.monotonic() - arrived_s)
        return response

    def _cookies(
        self, brand_view: BrandView, device: Device, is_new: bool, cookies: Mapping[str, str], https: bool, now_us: int
    ) -> RawHeaders:
        """The cookies that say who the phone is; links the devices that it was given at once (first_scans.py)."""
        # Of a phone that was given a new device since, such as after an erasure, they are taken away alone.
        values = [*self._devices.set_cookies(device, https), *self._first_scans.removed(cookies, https)]
        if is_new:
            values.append(self._first_scans.cookie(device.id, https))
        else:
            for other in self._first_scans.others(device.id, cookies, https):
                one, two = (brand_view.pseudonyms.identifier(DEVICE, id, EVER_AFTER) for id in (device.id, other))
                link = same_value(one, two, brand_view.brand.about.id, now_us, FIRST_SCANS)
                self._publisher.publish_in_background(link)
        return [(b"set-cookie", value) for value in values]

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
        return fallback(scan.served(fallback_of(scan.brand_view, scan.tag)), headers)

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
        missed = missed_of(scan, MissReason.LATE if in_kafka else MissReason.UNAVAILABLE)
        if not in_kafka:
            await self._publisher.spool_scan(event, missed)
        elif missed is not None:
            self._publisher.publish_in_background(missed)
        return missed.reason if missed is not None else DropReason.UNKNOWN_TAG

    def _routed(self, scan: Scan, decision: ScanRouted, headers: RawHeaders) -> RawResponse:
        destination = decision.destination
        if decision.route == FALLBACK_ROUTE:
            # The stream does not know what the gateway found behind a GS1 Digital Link.
            destination = fallback_of(scan.brand_view, scan.tag)
        if scan.parameters:
            destination = scan.served(destination)
        page = redirect_to(destination)
        if decision.action == "page":
            page = Page(decision.title, decision.text, decision.label, destination, decision.content, decision.route)
        cookie = self._visits.cookie(
            page,
            scan.event.event_id,
            scan.device,
            visited(scan.event.tag, scan.parameters),
            scan.event.received_at / 1_000_000,
            scan.path,
            scan.https,
            b"" if scan.tag is None else scan.brand_view.known_texts.of(scan.tag),
        )
        if cookie is not None:
            headers = [*headers, (b"set-cookie", cookie)]
        return self._shown(scan.brand_view, page, scan.event.event_id, scan.device, scan.headers, headers)

    def _shown(
        self,
        brand_view: BrandView,
        page: Page,
        event_id: str,
        device: str,
        request: Iterable[tuple[bytes, bytes]],
        headers: RawHeaders,
    ) -> RawResponse:
        headers = [*headers, (b"footpath-outcome", ROUTED.encode())]
        now_s = self._clock.now_us() / 1_000_000
        link = self._device_links.made(device, now_s) if brand_view.brand.about.device_links else ""
        if is_redirect(page):
            return redirect(with_device(page.destination, link) if link else page.destination, headers)
        live = partial(self._live.address, event_id, device, now_s=now_s)

        def token(asks: str) -> str:
            return self._token(f"{device}\0{asks}", now_s)

        return page_response(brand_view, page, self._visits.base, live, request, headers, link, token)

    def _unrecorded(self, scan: Scan, headers: RawHeaders) -> RawResponse:
        self._metrics.scan_count("unrecorded").inc()
        return fallback(scan.served(fallback_of(scan.brand_view, scan.tag)), headers)


# A brand has few destinations, and each scan needs one.
_is_registered = lru_cache(1024)(is_registered)
