"""``POST /v1/events``: a batch of events from tills, beacons, web and apps, with a verdict for each."""

import asyncio
import time
from collections.abc import Sequence
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.body import read_body
from gateway.brand import World
from gateway.incoming import MAX_EVENTS, Invalid, split_batch
from gateway.judge import Sender, judge
from gateway.keys import bearer, find_key
from gateway.rejects import rejected
from gateway.replies import Refused, json_reply
from gateway.spool import SpoolFull
from gateway.state import Gateway, gateway_of
from schemas.brand.model import ApiKey
from schemas.events import CostReported, Event, EventRejected
from schemas.kinds import types_of

PAUSE_AFTER = 100_000
"""So much (in what :func:`_effort` counts) is judged before other requests get a turn."""
SLOW = 16_000
"""What takes more than this is judged beside the event loop: by itself it would keep scans waiting."""
SUSPECTS = b"0123456789@"
"""What a phone number or an address may begin with: looking for them takes nearly all the time of an odd event."""


class Verdict(msgspec.Struct, frozen=True):
    """What became of one event; ``event_id`` is null when a rejected event carries none that can be read."""

    event_id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    reason: str = ""


class Verdicts(msgspec.Struct, frozen=True):
    """One verdict for each event of the batch, in its order."""

    results: list[Verdict]


async def events(request: Request) -> Response:
    """Acknowledged means: Kafka has the batch, or a synced spool does."""
    gateway = gateway_of(request)
    world = gateway.world()
    key, types = _authorised(request, world)
    if gateway.places.crowded_for_batches:
        raise Refused(503, "too many requests are waiting", retry_after_s=1)
    with gateway.places:
        batch = _batch(await read_body(request, gateway.settings.body_kb * 1024))
        rate = key.events_per_s if key.events_per_s is not None else gateway.settings.events_per_s
        wait_s = gateway.event_rate.take(key.id, max(1, len(batch)), time.monotonic(), rate)
        if wait_s:
            gateway.metrics.limited.labels("events").inc()
            raise Refused(429, f"this key may send {rate} events a second", retry_after_s=wait_s)
        return json_reply(202, Verdicts(await _take(gateway, world, Sender(key.id, types), batch)))


def _authorised(request: Request, world: World) -> tuple[ApiKey, frozenset[str]]:
    token = bearer(request.headers.get("authorization", ""))
    key = find_key(token, world.brand.api_keys)
    if key is None:
        raise Refused(401, "an API key is needed: Authorization: Bearer …", WWW_Authenticate="Bearer")
    types = types_of(key.scopes)
    if not types:
        raise Refused(403, "this key has no scope for events")
    return key, types


def _batch(body: bytes) -> list[bytes]:
    try:
        batch = split_batch(body)
    except Invalid as error:
        raise Refused(400, str(error)) from None
    if len(batch) > MAX_EVENTS:
        raise Refused(413, f"the batch has more than {MAX_EVENTS} events; send fewer at a time")
    return batch


async def _take(gateway: Gateway, world: World, sender: Sender, batch: Sequence[bytes]) -> list[Verdict]:
    now = time.time_ns() // 1000
    verdicts: list[Verdict] = []
    outgoing: list[Event] = []
    fresh: dict[str, None] = {}
    work = 0
    for raw in batch:
        effort = _effort(raw)
        if effort > SLOW:
            event, why = await asyncio.to_thread(_judged, raw, sender, world, now)
        else:
            event, why = _judged(raw, sender, world, now)
        if isinstance(event, EventRejected):
            verdicts.append(Verdict(event.source_event_id or None, "rejected", why))
            outgoing.append(event)
            gateway.metrics.rejections.labels(event.reason).inc()
        elif isinstance(event, CostReported):
            # The latest statement counts, so one that was made before and is made again is news.
            verdicts.append(Verdict(event.event_id, "accepted"))
            outgoing.append(event)
        else:
            acknowledgement = f"{sender.key_id}/{event.event_id}"
            if acknowledgement in fresh or acknowledgement in gateway.recent:
                verdicts.append(Verdict(event.event_id, "duplicate"))
            else:
                fresh[acknowledgement] = None
                verdicts.append(Verdict(event.event_id, "accepted"))
                outgoing.append(event)
        work += effort
        if work >= PAUSE_AFTER:
            work = 0
            await asyncio.sleep(0)
    try:
        await gateway.publisher.publish(outgoing)
    except SpoolFull:
        raise Refused(
            503, "Kafka is away and the spool is full: nothing of this batch is acknowledged", retry_after_s=5
        ) from None
    gateway.recent.add(fresh)
    for verdict in verdicts:
        gateway.metrics.events.labels(verdict.status).inc()
    return verdicts


def _effort(raw: bytes) -> int:
    """About how long it takes to judge an event: a digit costs as much as dozens of other characters."""
    return len(raw) + 30 * (len(raw) - len(raw.translate(None, SUSPECTS)))


def _judged(raw: bytes, sender: Sender, world: World, now: int) -> tuple[Event, str]:
    """The event to publish, or its reject and what the sender is told."""
    try:
        return judge(raw, sender, world, now), ""
    except Invalid as invalid:
        return rejected(raw, invalid, world, now), str(invalid)
