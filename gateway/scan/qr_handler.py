"""``GET /qr/{tag}.svg|png|pdf``: the QR code of a tag's link."""

import asyncio
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import LiveBrand
from gateway.http.client_limit import ClientLimit
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.openapi_parts import ApiPart, error_responses
from gateway.scan.qr import MEDIA_TYPES, draw
from gateway.scan.scan_openapi import TAG

MAX_SCALE = 40
DEFAULT_SCALE = 8
_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?")


class QrHandler:
    """:param public_url: base of the links; empty: the address that the request names.

    :param tls: clients reach the gateway by HTTPS even where their connection to it is plain.
    """

    def __init__(self, brand: LiveBrand, clients: ClientLimit, public_url: str, tls: bool) -> None:
        self._brand = brand
        self._clients = clients
        self._public_url = public_url
        self._tls = tls

    async def qr(self, request: Request) -> Response:
        """The code as a picture. :raises RequestError: ADDRESS_RATE, NO_BRAND, NOT_FOUND, HOST or SCALE."""
        client = self._clients.admit(request)
        tag_id, kind = request.path_params["tag"], request.path_params["kind"]
        if kind not in MEDIA_TYPES or tag_id not in self._brand.view().brand.tags:
            raise RequestError(ErrorKind.NOT_FOUND, "there is no such tag, or no such kind of picture (svg, png, pdf)")
        base = self._public_url or _own_address(request, client.https or self._tls)
        picture = await asyncio.to_thread(draw, f"{base}/s/{tag_id}", kind, _scale(request))
        return Response(picture, media_type=MEDIA_TYPES[kind], headers={"Cache-Control": "private, max-age=300"})


def _scale(request: Request) -> int:
    text = request.query_params.get("scale", str(DEFAULT_SCALE))
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= MAX_SCALE:
        raise RequestError(ErrorKind.SCALE, f"scale must be a whole number from 1 to {MAX_SCALE}")
    return int(text)


def _own_address(request: Request, https: bool) -> str:
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise RequestError(ErrorKind.HOST, "the Host header is no host")
    return f"{'https' if https else 'http'}://{host}"


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
                    ErrorKind.SCALE, ErrorKind.HOST, ErrorKind.NOT_FOUND, ErrorKind.ADDRESS_RATE, ErrorKind.NO_BRAND
                ),
            },
        }
    }
)
