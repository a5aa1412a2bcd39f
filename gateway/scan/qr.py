"""QR codes of tags' links."""

import io
from functools import lru_cache
from typing import Final, NamedTuple

import segno

from schemas.brand.colours import BLACK, WHITE
from schemas.brand.look import Look

MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
QUIET_ZONE = 4
"""Modules of the light colour around the code (ISO/IEC 18004)."""


class Colours(NamedTuple):
    """Of dark and light modules, as ``#rrggbb`` (``schemas.brand.look``)."""

    dark: str
    light: str


def colours_of(look: Look) -> Colours:
    """Those of a brand's codes."""
    return Colours(look.code_dark, look.code_light)


BLACK_ON_WHITE: Final = Colours(BLACK, WHITE)


@lru_cache(256)
def draw(link: str, kind: str, scale: int, colours: Colours = BLACK_ON_WHITE) -> bytes:
    """A QR code of error correction level M (15 % may be damaged), or better where that costs no space.

    :param link: in ASCII (``schemas.base_address``): of other characters decoders guess the encoding.
    :param kind: one of :data:`MEDIA_TYPES`. :param scale: size of a module in pixels (PNG), units (SVG), points (PDF).
    """
    out = io.BytesIO()
    code = _encoded(link)
    code.save(out, kind=kind, scale=scale, border=QUIET_ZONE, dark=colours.dark, light=colours.light)
    return out.getvalue()


def modules(link: str) -> tuple[bytes, ...]:
    """The same code as rows of modules, 1 for a dark one, without the quiet zone."""
    return tuple(bytes(row) for row in _encoded(link).matrix)


def _encoded(link: str) -> segno.QRCode:
    return segno.make_qr(link, error="m")
