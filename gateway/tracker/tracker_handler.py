"""``/fp.js`` and its two addresses: a batch of events as pages can always send one, and the way of a device to another
site of the brand.

The events are those of ``/v1/events``. The key stands in the address and the body is plain text: a beacon has no
headers, and a request without headers of its own is sent without asking first (Fetch standard, CORS-preflight).
"""

import gzip
import hashlib
import time
from pathlib import Path
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import LiveBrand
from gateway.events_api.events_handler import EventsHandler
from gateway.http.body import TEXT, BodyMemory, read_body
from gateway.http.client_limit import ClientLimit
from gateway.http.cross_origin import is_registered_origin
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.keys import find_key
from gateway.http.rate_limits import TokenBuckets
from gateway.http.responses import json_response
from gateway.identifiers.device_links import DeviceLinks
from gateway.metrics import Metrics
from gateway.publish.clock import Clock
from schemas.identifiers.devices import is_unsigned

MAX_BODY_BYTES: Final = 1_000
FRESH_S: Final = 3_600
PER_ADDRESS: Final = 20
"""Requests a second for the way to another site, of one address: a whole shop shares one."""


class WayInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Either the ``device`` that leaves, or the ``link`` with which one came."""

    device: str = ""
    link: str = ""


class TrackerHandler:
    """:param memory: for the bodies of all requests."""

    def __init__(
        self,
        brand: LiveBrand,
        events: EventsHandler,
        links: DeviceLinks,
        clients: ClientLimit,
        clock: Clock,
        metrics: Metrics,
        memory: BodyMemory,
    ) -> None:
        self._brand = brand
        self._events = events
        self._links = links
        self._clients = clients
        self._clock = clock
        self._metrics = metrics
        self._memory = memory
        self._buckets = TokenBuckets(PER_ADDRESS)
        self._script = Path(__file__).with_name("fp.js").read_bytes()
        self._packed = gzip.compress(self._script, 9, mtime=0)
        self._headers = {
            "Cache-Control": f"public, max-age={FRESH_S}",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Access-Control-Allow-Origin": "*",
            "ETag": f'"{hashlib.sha256(self._script).hexdigest()[:16]}"',
            "Vary": "Accept-Encoding",
        }

    async def tracker(self, request: Request) -> Response:
        """The script."""
        if request.headers.get("if-none-match") == self._headers["ETag"]:
            return Response(None, 304, self._headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers = self._headers | {"Content-Encoding": "gzip"}
            return Response(self._packed, 200, headers, "text/javascript")
        return Response(self._script, 200, self._headers, "text/javascript")

    async def tracker_events(self, request: Request) -> Response:
        """As ``EventsHandler.events``.

        :raises RequestError: also where the key is not public: others do not belong in addresses.
        """
        token = request.query_params.get("key", "")
        key = find_key(token, self._brand.view().brand.api_keys)
        if key is not None and not key.is_public:
            raise RequestError(ErrorKind.NO_SCOPE, "only a public key may stand in an address")
        sent = [one for one in request.scope["headers"] if one[0] not in (b"content-type", b"authorization")]
        headers = [
            *sent,
            (b"content-type", b"application/json"),
            (b"authorization", b"Bearer " + token.encode("latin-1", "replace")),
        ]
        return await self._events.events(Request({**request.scope, "headers": headers}, request.receive))

    async def tracker_device(self, request: Request) -> Response:
        """A link for a device, or the device of a link. For pages of the brand's origins.

        :raises RequestError: ORIGIN, BODY, ADDRESS_RATE or FORGED_LINK.
        """
        client, brand_view = self._clients.admit(request.scope), self._brand.view()
        if not is_registered_origin(request.headers.get("origin", ""), brand_view.brand.about.destinations):
            raise RequestError(ErrorKind.ORIGIN, "web pages may ask from origins of the brand's destinations only")
        if wait_s := self._buckets.take(client.address, 1, time.monotonic()):
            self._metrics.limited.labels("tracker").inc()
            raise RequestError(ErrorKind.ADDRESS_RATE, "too many requests from this address", wait_s)
        with self._memory.of(client.address) as held:
            body = await read_body(request, MAX_BODY_BYTES, held, TEXT)
        try:
            way = msgspec.json.decode(body, type=WayInput)
        except msgspec.MsgspecError:
            way = WayInput()
        now_s = self._clock.now_us() / 1_000_000
        if is_unsigned(way.device):
            return json_response(200, {"link": self._links.made(way.device, now_s)})
        if not way.link:
            raise RequestError(ErrorKind.BODY, "must be an object with device or link")
        device = self._links.device(way.link, now_s)
        if device is None:
            raise RequestError(ErrorKind.FORGED_LINK, "the link is none of this deployment, or too old")
        return json_response(200, {"device": device})
