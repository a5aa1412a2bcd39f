"""``GET /qr/{tag}.svg|png|pdf``: the QR code of a tag's link."""

import asyncio
from ipaddress import ip_address
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import LiveBrand
from gateway.http.admission import AdmissionLimit
from gateway.http.client_limit import ClientLimit
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.openapi_parts import ApiPart, error_responses
from gateway.http.turns import Turns
from gateway.scan.link import NoLink, printed_link
from gateway.scan.qr import MEDIA_TYPES, colours_of, draw
from gateway.scan.scan_openapi import TAG
from schemas.base_address import base_address
from schemas.brand.destinations import parse_address
from schemas.trust.keys import TagKeys

MAX_SCALE = 40
DEFAULT_SCALE = 8
MAX_HOST_CHARS = 300
MAX_DRAWING = 50
"""Requests that may wait for their picture."""


class QrHandler:
    """:param public_url: base of the links; empty: the address that the request names, if it is the gateway's own or of
        a registered destination. Anybody can name any other: the code would lead to a stranger's site.

    :param tls: clients reach the gateway by HTTPS even where their connection to it is plain.
    :param tag_keys: sign the links of tags that demand it.
    """

    def __init__(
        self, brand: LiveBrand, clients: ClientLimit, public_url: str, tls: bool, tag_keys: TagKeys | None = None
    ) -> None:
        self._brand = brand
        self._clients = clients
        self._public_url = public_url
        self._tls = tls
        self._tag_keys = tag_keys
        self._turns = Turns()
        self._drawing = AdmissionLimit(MAX_DRAWING)

    async def qr(self, request: Request) -> Response:
        """The code as a picture. :raises RequestError: ADDRESS_RATE, NO_BRAND, NOT_FOUND, HOST, SCALE or SATURATED."""
        client = self._clients.admit(request)
        tag_id, kind = request.path_params["tag"], request.path_params["kind"]
        brand = self._brand.view().brand
        if kind not in MEDIA_TYPES or tag_id not in brand.tags:
            raise RequestError(ErrorKind.NOT_FOUND, "there is no such tag, or no such kind of picture (svg, png, pdf)")
        base = self._public_url or _known_address(request, client.https or self._tls, brand.about.destinations)
        scale = _scale(request)
        try:
            link = printed_link(base, brand.tags[tag_id], brand.about.id, self._tag_keys)
        except NoLink as error:
            raise RequestError(ErrorKind.NOT_FOUND, str(error)) from None
        if self._drawing.full:
            raise RequestError(ErrorKind.SATURATED, "too many pictures are being drawn", retry_after_s=1)
        with self._drawing:
            # One after the other, with a rest: a picture takes as long as ten scans.
            async with self._turns.slice(client.address):
                picture = await asyncio.to_thread(draw, link, kind, scale, colours_of(brand.about.look))
        return Response(picture, media_type=MEDIA_TYPES[kind], headers={"Cache-Control": "private, max-age=300"})


def _scale(request: Request) -> int:
    text = request.query_params.get("scale", str(DEFAULT_SCALE))
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= MAX_SCALE:
        raise RequestError(ErrorKind.SCALE, f"scale must be a whole number from 1 to {MAX_SCALE}")
    return int(text)


def _known_address(request: Request, https: bool, destinations: tuple[str, ...]) -> str:
    """The origin that the request's Host header names. :raises RequestError: HOST: it is none that is known."""
    host = request.headers.get("host", "")[:MAX_HOST_CHARS]
    registered = {address.origin for address in map(parse_address, destinations) if address is not None}
    for scheme in ("https", "http"):
        if (origin := _origin(scheme, host)) in registered:
            return origin
    origin = _origin("https" if https else "http", host)
    if not origin or origin not in _own_origins(request, origin.partition(":")[0]):
        raise RequestError(
            ErrorKind.HOST,
            "the Host header is neither the gateway's own address nor a registered host: "
            "set FOOTPATH_GATEWAY_PUBLIC_URL to the address that phones reach",
        )
    return origin


def _own_origins(request: Request, scheme: str) -> set[str]:
    """Where the connection came to, which no header can change; on this machine also by its name."""
    host, port = request.scope.get("server") or ("", None)
    try:
        address = ip_address(host)
    except ValueError:
        return set()
    address = getattr(address, "ipv4_mapped", None) or address
    names = [f"[{address}]" if address.version == 6 else str(address)]
    names += ["localhost"] if address.is_loopback else []
    return {_origin(scheme, f"{name}:{port}") for name in names}


def _origin(scheme: str, host: str) -> str:
    """Scheme, host and port in normal form; empty where the host is none."""
    try:
        address = parse_address(base_address(f"{scheme}://{host}"))
    except ValueError:
        return ""
    return address.origin if address is not None and not address.path else ""


_KIND: dict[str, Any] = {
    "name": "kind",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": list(MEDIA_TYPES)},
}
_SCALE: dict[str, Any] = {
    "name": "scale",
    "in": "query",
    "description": "Size of a module: pixels, units or points.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MAX_SCALE, "default": DEFAULT_SCALE},
}
API = ApiPart(
    {
        "get": {
            "operationId": "qr",
            "summary": "The QR code of a tag's link.",
            "parameters": [TAG, _KIND, _SCALE],
            "responses": {
                "200": {
                    "description": "The picture.",
                    "content": {media_type: {} for media_type in MEDIA_TYPES.values()},
                },
                **error_responses(
                    ErrorKind.SCALE,
                    ErrorKind.HOST,
                    ErrorKind.NOT_FOUND,
                    ErrorKind.ADDRESS_RATE,
                    ErrorKind.SATURATED,
                    ErrorKind.NO_BRAND,
                ),
            },
        }
    }
)
