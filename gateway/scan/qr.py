"""QR codes of tags' links."""

import io
from functools import lru_cache

import segno

MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
QUIET_ZONE = 4
"""Modules of white around the code (ISO/IEC 18004)."""


@lru_cache(256)
def draw(link: str, kind: str, scale: int) -> bytes:
    """A QR code of error correction level M (15 % may be damaged), or better where that costs no space.

    :param link: in ASCII (``gateway.scan.link``): of other characters decoders guess the encoding.
    :param kind: one of :data:`MEDIA_TYPES`. :param scale: size of a module in pixels (PNG), units (SVG), points (PDF).
    """
    out = io.BytesIO()
    segno.make_qr(link, error="m").save(out, kind=kind, scale=scale, border=QUIET_ZONE, light="white")
    return out.getvalue()
