"""``POST /v1/events``: a batch of events from tills, beacons, web and apps, with a result for each."""

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import BrandView, LiveBrand
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.idempotency import IdempotencyCache, Known, Sighting, joined, known_of, sighting
from gateway.events_api.inputs import MAX_EVENTS
from gateway.events_api.parse import split_batch_steps
from gateway.events_api.rejects import conflict, rejected
from gateway.events_api.results import BACKLOG, MANY, SCAN_DELAY, EventResult, EventResults, Status
from gateway.events_api.validate import Accepted, validate
from gateway.http.admission import AdmissionLimit
from gateway.http.body import BodyMemory, read_body
from gateway.http.cross_origin import is_registered_origin
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.keys import bearer, find_key
from gateway.http.privacy_control import SEC_GPC
from gateway.http.rate_limits import TokenBuckets
from gateway.http.responses import json_response
from gateway.http.turns import Turns
from gateway.identifiers.contacts import Contacts
from gateway.identifiers.links import ValueLinks
from gateway.metrics import Metrics
from gateway.publish.backlog import Backlog
from gateway.publish.clock import Clock
from gateway.publish.publisher import Publisher
from gateway.publish.spool import SpoolFull
from schemas.brand.model import ApiKey
from schemas.events import Event, EventRejected, StockReported, TouchpointReceived
from schemas.identifiers.named import Named
from schemas.ids import own_id_of
from schemas.kinds import types_of
from schemas.reasons import RejectReason

Rejected = tuple[EventRejected, str]
"""A reject, and the reason that its sender gets."""


class EventsHandler:
    """:param events_per_s: rate of a key that has none of its own. :param max_body_bytes: see :func:`read_body`.

    :param memory: for the bodies of all requests. :param backlog: of the processors. :param scan_delay_s: how long
    scans wait for their decision at a time. Both are for the answers to large batches.
    """

    def __init__(
        self,
        brand: LiveBrand,
        admission: AdmissionLimit,
        publisher: Publisher,
        clock: Clock,
        metrics: Metrics,
        events_per_s: int,
        max_body_bytes: int,
        memory: BodyMemory,
        backlog: Backlog,
        scan_delay_s: Callable[[float], float],
        contacts: Contacts,
        links: ValueLinks,
    ) -> None:
        self._brand = brand
        self._admission = admission
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._events_per_s = events_per_s
        self._max_body_bytes = max_body_bytes
        self._buckets = TokenBuckets(events_per_s)
        self._memory = memory
        self._backlog = backlog
        self._scan_delay_s = scan_delay_s
        self._contacts = contacts
        self._links = links
        self._turns = Turns()
        self._acknowledged = IdempotencyCache()

    async def events(self, request: Request) -> Response:
        """202 states that Kafka has the batch, or that a synced spool has it.

        :raises RequestError: nothing of the batch is acknowledged.
        """
        brand_view = self._brand.view()
        is_page = _is_page(request, brand_view)
        key, types = _authorise(request, brand_view)
        if self._admission.full_for_batches:
            raise RequestError(ErrorKind.SATURATED, "too many requests are waiting", retry_after_s=1)
        with self._admission, self._memory.of(key.id) as held:
            body = await read_body(request, self._max_body_bytes, held)
            batch = await self._split(body, key.id)
            rate = key.events_per_s if key.events_per_s is not None else self._events_per_s
            wait_s = self._buckets.take(key.id, max(1, len(batch)), time.monotonic(), rate)
            if wait_s:
                self._metrics.limited.labels("events").inc()
                raise RequestError(ErrorKind.KEY_RATE, f"this key may send {rate} events a second", wait_s)
            gpc = request.headers.get(SEC_GPC.decode()) == "1"
            sender = Sender(key.id, types, is_page, key.id_namespace, key.is_public or is_page, gpc)
            results = EventResults(await self._accept(brand_view, sender, batch))
            return json_response(202, results, self._load() if len(batch) >= MANY else {})

    def _load(self) -> dict[str, str]:
        """What a sender of many events should know of the load, as headers."""
        delay_ms = 1000 * self._scan_delay_s(time.monotonic())
        return {BACKLOG: str(self._backlog.records()), SCAN_DELAY: str(math.ceil(delay_ms))}

    async def _split(self, body: bytes, key_id: str) -> list[bytes]:
        """The events of a body. :raises RequestError: BODY or BATCH_SIZE."""
        steps, batch = split_batch_steps(body), None
        try:
            while batch is None:
                async with self._turns.slice(key_id) as turn:
                    while batch is None and not turn.spent:
                        batch = next(steps)
        except ValidationError as error:
            raise RequestError(ErrorKind.BODY, str(error)) from None
        if len(batch) > MAX_EVENTS:
            raise RequestError(
                ErrorKind.BATCH_SIZE, f"the batch has more than {MAX_EVENTS} events; send fewer at a time"
            )
        return batch

    async def _accept(self, brand_view: BrandView, sender: Sender, batch: Sequence[bytes]) -> list[EventResult]:
        now = self._clock.now_us()
        results: list[EventResult] = []
        outgoing: list[Event] = []
        fresh: dict[str, Known] = {}
        named: list[Named] = []
        while len(results) < len(batch):
            async with self._turns.slice(sender.key_id) as turn:
                while len(results) < len(batch) and not turn.spent:
                    raw = batch[len(results)]
                    found = _validated(raw, sender, brand_view, now)
                    result, event = self._result(found, fresh)
                    if result.status is Status.CONFLICT:
                        result, event = self._result(_rejected(raw, conflict(), sender, brand_view, now), fresh)
                    results.append(result)
                    if event is not None:
                        outgoing.append(event)
                        if isinstance(found, Accepted) and result.status is Status.ACCEPTED:
                            named += found.named
        contacts, pseudonyms = self._contacts.new(() if sender.is_public else named), brand_view.pseudonyms
        links = self._links.events(named, brand_view, now)
        kept = self._contacts.events(contacts.values(), pseudonyms) if len(batch) < MANY else []
        try:
            await self._publisher.publish([*links, *outgoing, *kept])
        except SpoolFull:
            raise RequestError(
                ErrorKind.NOT_STORED,
                "Kafka is unavailable and the spool is full: nothing of this batch is acknowledged",
                retry_after_s=5,
            ) from None
        self._acknowledged.add(fresh)
        self._links.published(links)
        self._contacts.published(kept)
        if len(batch) >= MANY:
            await self._contacts.later(contacts, pseudonyms)
        for status, count in Counter(result.status for result in results).items():
            self._metrics.events.labels(status).inc(count)
        return results

    def _result(self, found: Accepted | Rejected, fresh: dict[str, Known]) -> tuple[EventResult, Event | None]:
        """What to answer for an event, and what to publish of it."""
        if isinstance(found, Accepted):
            status, own_id = self._status(found, fresh), own_id_of(found.event.event_id)
            return EventResult(
                own_id, status, warnings=found.warnings
            ), found.event if status is Status.ACCEPTED else None
        reject, reason = found
        self._metrics.rejections.labels(reject.reason).inc()
        status = Status.CONFLICT if reject.reason == RejectReason.CONFLICT else Status.REJECTED
        return EventResult(own_id_of(reject.source_event_id) or None, status, reason), reject

    def _status(self, accepted: Accepted, fresh: dict[str, Known]) -> Status:
        """What to answer for a valid event; one that is to be published is added to ``fresh``.

        Costs and events without an id of their sender are always new. Of a cost the latest statement counts: one that
        repeats an earlier one may revoke another made in between.
        """
        event, content = accepted.event, accepted.content
        if not content or not isinstance(event, TouchpointReceived | StockReported):
            return Status.ACCEPTED
        known = fresh.get(event.event_id) or self._acknowledged.get(event.event_id)
        this = known_of(event, content)
        match sighting(known, this):
            case Sighting.SAME:
                return Status.DUPLICATE
            case Sighting.OTHER:
                return Status.CONFLICT
        fresh[event.event_id] = joined(known, this)
        return Status.ACCEPTED


def _authorise(request: Request, brand_view: BrandView) -> tuple[ApiKey, frozenset[str]]:
    """The request's API key and the event kinds that it may send."""
    token = bearer(request.headers.get("authorization", ""))
    key = find_key(token, brand_view.brand.api_keys)
    if key is None:
        raise RequestError(ErrorKind.NO_KEY, "an API key is needed: Authorization: Bearer …")
    types = types_of(key.scopes)
    if not types:
        raise RequestError(ErrorKind.NO_SCOPE, "this key has no scope for events")
    return key, types


def _is_page(request: Request, brand_view: BrandView) -> bool:
    """Whether a web page sends, of one of the brand's origins. :raises RequestError: it is of another one."""
    origin = request.headers.get("origin")
    if origin is not None and not is_registered_origin(origin, brand_view.brand.about.destinations):
        raise RequestError(ErrorKind.ORIGIN, "web pages may send from origins of the brand's destinations only")
    return origin is not None


def _validated(raw: bytes, sender: Sender, brand_view: BrandView, now: int) -> Accepted | Rejected:
    """The event to publish, or its reject and the reason that the sender gets."""
    try:
        return validate(raw, sender, brand_view, now)
    except ValidationError as error:
        return _rejected(raw, error, sender, brand_view, now)


def _rejected(raw: bytes, error: ValidationError, sender: Sender, brand_view: BrandView, now: int) -> Rejected:
    return rejected(raw, error, sender, brand_view, now), str(error)
