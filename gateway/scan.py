"""``GET /s/{tag}``: the scan is made durable, the stream decides, the phone gets one answer within the
deadline.

An answer with ``Footpath-Event`` says that the scan is recorded: the stream's decision proves that Kafka has
it, else Kafka's acknowledgement or a synced spool does. When neither can be had the phone still gets the
tag's fallback, without that header: nothing was recorded, and nothing is claimed.
"""

import asyncio
import logging
import time
from functools import lru_cache
from urllib.parse import quote
from uuid import uuid4

from starlette.types import Scope

from gateway.brand import World
from gateway.device import cookies_of, device_cookie, device_of
from gateway.page import POLICY, action_page
from gateway.replies import RawHeaders, Refused, Reply
from gateway.spool import SpoolFull
from gateway.state import Gateway, gateway_of
from schemas.brand.model import Tag, is_registered
from schemas.events import ScanMissed, ScanRouted, TouchpointRecorded
from schemas.ids import derived

log = logging.getLogger(__name__)

ROUTED, FALLBACK = "routed", "fallback"
LATE, UNAVAILABLE = "late", "unavailable"
PAGE_HEADERS = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", POLICY.encode())]


async def scan(scope: Scope) -> Reply:
    """Answers a phone that followed a tag. HEAD looks only: it gets the fallback and is no scan."""
    arrived_s = time.monotonic()
    gateway = gateway_of(scope)
    client = gateway.client(scope)
    world = gateway.world()
    tag = world.brand.tags.get(scope["path_params"]["tag"])
    if tag is None:
        raise Refused(404, "there is no such tag")
    fallback = world.brand.fallback_of(tag)
    if scope["method"] == "HEAD":
        return _fallback(fallback, [])
    device = device_of(cookies_of(scope["headers"]))
    headers = [(b"set-cookie", device_cookie(device, client.https or gateway.settings.tls))]
    reply = await _scanned(gateway, world, tag, device, headers, arrived_s)
    gateway.metrics.scan_seconds.observe(time.monotonic() - arrived_s)
    return reply


def recorded(world: World, tag: Tag, device: str, now: int, reply_partition: int | None) -> TouchpointRecorded:
    """The scan as an event: everything about the place comes from the tag, nothing from the phone.

    :param now: time in microseconds.
    """
    anchor = world.pseudonyms.identifier("device", device)
    return TouchpointRecorded(
        event_id=str(uuid4()),
        type=tag.trigger,
        occurred_at=now,
        received_at=now,
        source="scan",
        anchor=anchor,
        identifiers=(anchor,),
        brand=world.brand.about.id,
        store=tag.store,
        tag=tag.id,
        placement=tag.placement,
        zone=tag.zone,
        product=tag.product,
        campaign=tag.campaign,
        reply_partition=reply_partition,
    )


async def _scanned(
    gateway: Gateway, world: World, tag: Tag, device: str, headers: RawHeaders, arrived_s: float
) -> Reply:
    fallback = world.brand.fallback_of(tag)
    partition = gateway.answers.partition if gateway.answers.positioned else None
    event = recorded(world, tag, device, time.time_ns() // 1000, partition)
    if gateway.places.crowded:
        return _unrecorded(gateway, fallback, headers)
    with gateway.places:
        try:
            decided = await _decided(gateway, event, fallback, arrived_s)
        except SpoolFull:
            return _unrecorded(gateway, fallback, headers)
    headers.append((b"footpath-event", event.event_id.encode()))
    if isinstance(decided, ScanRouted):
        if _may_lead(decided.destination, world.brand.about.destinations):
            gateway.metrics.decided(ROUTED).inc()
            return _routed(decided, headers)
        log.error("route %s leads to an unregistered destination", decided.route)
        decided = "unregistered"
    gateway.metrics.decided(decided).inc()
    return _fallback(fallback, headers)


async def _decided(gateway: Gateway, event: TouchpointRecorded, fallback: str, arrived_s: float) -> ScanRouted | str:
    """The decision, or why there is none; on return the scan is durable.

    :raises SpoolFull: it is recorded nowhere.
    """
    publisher = gateway.publisher
    handed_over = None
    answer = gateway.answers.expect(event.event_id)
    try:
        async with asyncio.timeout(arrived_s + gateway.settings.deadline_ms / 1000 - time.monotonic()):
            handed_over = await publisher.begin(event)
            if handed_over is not None and event.reply_partition is not None:
                return await answer
            if handed_over is not None:
                await handed_over.ended()
    except TimeoutError:
        if answer.done() and not answer.cancelled():
            return answer.result()
    finally:
        gateway.answers.forget(event.event_id)
    in_kafka = handed_over is not None and handed_over.arrived
    missed = ScanMissed(
        event_id=derived("missed", event.event_id),
        scan_event_id=event.event_id,
        tag=event.tag,
        destination=fallback,
        reason=LATE if in_kafka else UNAVAILABLE,
        waited_ms=(time.monotonic() - arrived_s) * 1000,
        occurred_at=event.occurred_at,
    )
    if in_kafka:
        publisher.publish_later(missed)
    else:
        await publisher.keep(event, missed)
    return missed.reason


def _routed(decided: ScanRouted, headers: RawHeaders) -> Reply:
    headers.append((b"footpath-outcome", ROUTED.encode()))
    if decided.action == "page":
        page = action_page(decided.title, decided.text, decided.label, decided.destination)
        return Reply(200, [*PAGE_HEADERS, *headers], page)
    return _redirect(decided.destination, headers)


def _fallback(fallback: str, headers: RawHeaders) -> Reply:
    return _redirect(fallback, [*headers, (b"footpath-outcome", FALLBACK.encode())])


def _unrecorded(gateway: Gateway, fallback: str, headers: RawHeaders) -> Reply:
    gateway.metrics.decided("unrecorded").inc()
    return _fallback(fallback, headers)


def _redirect(destination: str, headers: RawHeaders) -> Reply:
    return Reply(302, [(b"location", _location(destination)), *headers])


# Of destinations there are few, and they come with every scan.
_may_lead = lru_cache(1024)(is_registered)


@lru_cache(1024)
def _location(destination: str) -> bytes:
    """As a header takes it: what may not stand in a URL is percent-encoded, what is encoded stays so."""
    return quote(destination, safe=":/%#?=@[]!$&'()*+,;").encode()
