"""``GET /s/{tag}``: the scan is made durable, the stream decides, and the phone gets one response within the deadline.

A response with ``Footpath-Event`` states that the scan is recorded: either the stream's decision proves that Kafka has
it, or Kafka has acknowledged it, or the spool has synced it. When none of them is possible the phone still gets the
tag's fallback, without that header.
"""

import asyncio
import logging
import time
from functools import lru_cache
from urllib.parse import quote

from starlette.types import Scope

from gateway.brand.live import BrandView, LiveBrand
from gateway.http.admission import AdmissionLimit
from gateway.http.client_limit import ClientLimit
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.pages import POLICY
from gateway.http.responses import RawHeaders, RawResponse
from gateway.metrics import Metrics
from gateway.publish.publisher import Publisher
from gateway.publish.spool import SpoolFull
from gateway.reply.pending import PendingReplies
from gateway.scan.action_page import action_page
from gateway.scan.device import cookies_of, device_cookie, device_of
from gateway.scan.touchpoint import build_touchpoint
from schemas.brand.model import Tag, is_registered
from schemas.events import ScanMissed, ScanRouted, TouchpointRecorded
from schemas.ids import derived
from schemas.reasons import MissReason

log = logging.getLogger(__name__)

ROUTED, FALLBACK = "routed", "fallback"
PAGE_HEADERS = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", POLICY.encode())]


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
        metrics: Metrics,
        deadline_ms: int,
        tls: bool,
    ) -> None:
        self._brand = brand
        self._clients = clients
        self._admission = admission
        self._publisher = publisher
        self._replies = replies
        self._metrics = metrics
        self._deadline_s = deadline_ms / 1000
        self._tls = tls

    async def scan(self, scope: Scope) -> RawResponse:
        """The response to a phone that follows a tag. HEAD gets the fallback and is not recorded as a scan.

        :raises RequestError: ADDRESS_RATE, NO_BRAND or NOT_FOUND.
        """
        arrived_s = time.monotonic()
        client = self._clients.admit(scope)
        brand_view = self._brand.view()
        tag = brand_view.brand.tags.get(scope["path_params"]["tag"])
        if tag is None:
            raise RequestError(ErrorKind.NOT_FOUND, "there is no such tag")
        if scope["method"] == "HEAD":
            return _fallback(brand_view.brand.fallback_of(tag), [])
        device = device_of(cookies_of(scope["headers"]))
        headers = [(b"set-cookie", device_cookie(device, client.https or self._tls))]
        response = await self._respond(brand_view, tag, device, headers, arrived_s)
        self._metrics.scan_seconds.observe(time.monotonic() - arrived_s)
        return response

    async def _respond(
        self, brand_view: BrandView, tag: Tag, device: str, headers: RawHeaders, arrived_s: float
    ) -> RawResponse:
        fallback = brand_view.brand.fallback_of(tag)
        partition = self._replies.partition if self._replies.positioned else None
        event = build_touchpoint(brand_view, tag, device, time.time_ns() // 1000, partition)
        if self._admission.full:
            return self._unrecorded(fallback, headers)
        with self._admission:
            try:
                outcome = await self._decide(event, fallback, arrived_s)
            except SpoolFull:
                return self._unrecorded(fallback, headers)
        headers.append((b"footpath-event", event.event_id.encode()))
        if isinstance(outcome, ScanRouted):
            if _is_registered(outcome.destination, brand_view.brand.about.destinations):
                self._metrics.scan_count(ROUTED).inc()
                return _routed(outcome, headers, brand_view)
            log.error("route %s leads to an unregistered destination", outcome.route)
            outcome = "unregistered"
        self._metrics.scan_count(outcome).inc()
        return _fallback(fallback, headers)

    async def _decide(self, event: TouchpointRecorded, fallback: str, arrived_s: float) -> ScanRouted | str:
        """The decision, or the reason why there is none; when it returns the scan is durable.

        :raises SpoolFull: the scan is not recorded.
        """
        pending = None
        reply = self._replies.expect(event.event_id)
        try:
            async with asyncio.timeout(arrived_s + self._deadline_s - time.monotonic()):
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
        missed = ScanMissed(
            event_id=derived("missed", event.event_id),
            scan_event_id=event.event_id,
            tag=event.tag,
            destination=fallback,
            reason=MissReason.LATE if in_kafka else MissReason.UNAVAILABLE,
            waited_ms=(time.monotonic() - arrived_s) * 1000,
            occurred_at=event.occurred_at,
        )
        if in_kafka:
            self._publisher.publish_in_background(missed)
        else:
            await self._publisher.spool_scan(event, missed)
        return missed.reason

    def _unrecorded(self, fallback: str, headers: RawHeaders) -> RawResponse:
        self._metrics.scan_count("unrecorded").inc()
        return _fallback(fallback, headers)


def _routed(decision: ScanRouted, headers: RawHeaders, brand_view: BrandView) -> RawResponse:
    headers.append((b"footpath-outcome", ROUTED.encode()))
    if decision.action == "page":
        page = action_page(
            decision.title,
            decision.text,
            decision.label,
            decision.destination,
            brand_view.brand.about.language,
            brand_view.direction,
        )
        return RawResponse(200, [*PAGE_HEADERS, *headers], page)
    return _redirect(decision.destination, headers)


def _fallback(fallback: str, headers: RawHeaders) -> RawResponse:
    return _redirect(fallback, [*headers, (b"footpath-outcome", FALLBACK.encode())])


def _redirect(destination: str, headers: RawHeaders) -> RawResponse:
    return RawResponse(302, [(b"location", _location(destination)), *headers])


# A brand has few destinations, and each scan needs one.
_is_registered = lru_cache(1024)(is_registered)


@lru_cache(1024)
def _location(destination: str) -> bytes:
    """The value of a Location header: what a URL may not contain is percent-encoded, what is encoded stays so."""
    return quote(destination, safe=":/%#?=@[]!$&'()*+,;").encode()
