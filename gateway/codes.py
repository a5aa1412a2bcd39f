"""``GET /qr/{tag}.svg|png|pdf``: the code that leads to a tag's link."""

import asyncio
import io
import re
from functools import lru_cache

import segno
from starlette.requests import Request
from starlette.responses import Response

from gateway.replies import Refused
from gateway.state import gateway_of

MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
MAX_SCALE = 40
DEFAULT_SCALE = 8
QUIET_ZONE = 4
"""Modules of white around the code, as ISO/IEC 18004 asks for."""
_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?")


async def code(request: Request) -> Response:
    """The code as a picture; ``scale`` is the size of a module in pixels (PNG), units (SVG) or points (PDF)."""
    gateway = gateway_of(request)
    client = gateway.client(request)
    tag_id, kind = request.path_params["tag"], request.path_params["kind"]
    if kind not in MEDIA_TYPES or tag_id not in gateway.world().brand.tags:
        raise Refused(404, "there is no such tag, or no such kind of picture (svg, png, pdf)")
    base = gateway.settings.public_url or _own_address(request, client.https or gateway.settings.tls)
    picture = await asyncio.to_thread(draw, f"{base}/s/{tag_id}", kind, _scale(request))
    return Response(picture, media_type=MEDIA_TYPES[kind], headers={"Cache-Control": "private, max-age=300"})


@lru_cache(256)
def draw(link: str, kind: str, scale: int) -> bytes:
    """A QR code of error correction level M (15 % may be damaged) or better where that costs no space."""
    out = io.BytesIO()
    segno.make_qr(link, error="m").save(out, kind=kind, scale=scale, border=QUIET_ZONE, light="white")
    return out.getvalue()


def _scale(request: Request) -> int:
    text = request.query_params.get("scale", str(DEFAULT_SCALE))
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= MAX_SCALE:
        raise Refused(400, f"scale must be a whole number from 1 to {MAX_SCALE}")
    return int(text)


def _own_address(request: Request, https: bool) -> str:
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Refused(400, "the Host header is no host")
    return f"{'https' if https else 'http'}://{host}"
