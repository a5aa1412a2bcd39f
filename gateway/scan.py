"""``GET /s/{tag}``: the scan is made durable, the stream decides, the phone gets one answer within the
deadline.

An answer with ``Footpath-Event`` says that the scan is recorded: the stream's decision proves that Kafka has
it, else Kafka's acknowledgement or a synced spool does. When neither can be had the phone still gets the
tag's fallback, without that header: nothing was recorded, and nothing is claimed.
"""

import asyncio
import logging
import time
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.brand import World
from gateway.device import device_of, set_device
from gateway.page import action_page
from gateway.publisher import Publisher
from gateway.replies import Refused
from gateway.spool import SpoolFull
from gateway.state import Gateway, gateway_of
from schemas.brand.model import Tag, is_registered
from schemas.events import ScanMissed, ScanRouted, TouchpointRecorded
from schemas.ids import derived

log = logging.getLogger(__name__)

ROUTED, FALLBACK = "routed", "fallback"
LATE, UNAVAILABLE = "late", "unavailable"


async def scan(request: Request) -> Response:
    """Answers a phone that followed a tag. HEAD looks only: it gets the fallback and is no scan."""
    arrived_s = time.monotonic()
    gateway = gateway_of(request)
    client = gateway.client(request)
    world = gateway.world()
    tag = world.brand.tags.get(request.path_params["tag"])
    if tag is None:
        raise Refused(404, "there is no such tag")
    fallback = world.brand.fallback_of(tag)
    if request.method == "HEAD":
        return _answer(redirect(fallback), FALLBACK)
    device = device_of(request.cookies)
    response = await _scanned(gateway, world, tag, device, arrived_s)
    set_device(response, device, client.https or gateway.settings.tls)
    gateway.metrics.scan_seconds.observe(time.monotonic() - arrived_s)
    return response


def redirect(destination: str) -> Response:
    return RedirectResponse(destination, 302)


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


async def _scanned(gateway: Gateway, world: World, tag: Tag, device: str, arrived_s: float) -> Response:
    fallback = world.brand.fallback_of(tag)
    partition = gateway.answers.partition if gateway.answers.positioned else None
    event = recorded(world, tag, device, time.time_ns() // 1000, partition)
    if gateway.crowded:
        return _unrecorded(gateway, fallback)
    with gateway.place():
        try:
            decided = await _decided(gateway, event, fallback, arrived_s)
        except SpoolFull:
            return _unrecorded(gateway, fallback)
    if isinstance(decided, ScanRouted):
        if is_registered(decided.destination, world.brand.about.destinations):
            gateway.metrics.scans.labels(ROUTED).inc()
            return _answer(_action(decided), ROUTED, event.event_id)
        log.error("route %s leads to an unregistered destination", decided.route)
        decided = "unregistered"
    gateway.metrics.scans.labels(decided).inc()
    return _answer(redirect(fallback), FALLBACK, event.event_id)


async def _decided(gateway: Gateway, event: TouchpointRecorded, fallback: str, arrived_s: float) -> ScanRouted | str:
    """The decision, or why there is none; on return the scan is durable.

    :raises SpoolFull: it is recorded nowhere.
    """
    deadline_s = arrived_s + gateway.settings.deadline_ms / 1000
    publisher: Publisher = gateway.publisher
    with gateway.answers.expect(event.event_id) as answer:
        handed_over = await publisher.begin(event, max(0.0, deadline_s - time.monotonic()))
        if handed_over is not None:
            waiting_for = answer if event.reply_partition is not None else handed_over
            await asyncio.wait({waiting_for}, timeout=max(0.0, deadline_s - time.monotonic()))
        if answer.done():
            return answer.result()
    in_kafka = handed_over is not None and handed_over.done() and handed_over.exception() is None
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


def _action(decided: ScanRouted) -> Response:
    if decided.action == "page":
        return action_page(decided.title, decided.text, decided.label, decided.destination)
    return redirect(decided.destination)


def _unrecorded(gateway: Gateway, fallback: str) -> Response:
    gateway.metrics.scans.labels("unrecorded").inc()
    return _answer(redirect(fallback), FALLBACK)


def _answer(response: Response, outcome: str, event_id: str = "") -> Response:
    response.headers["Footpath-Outcome"] = outcome
    if event_id:
        response.headers["Footpath-Event"] = event_id
    return response
