"""Pictures of a coupon's code, for the page of its holder and for print: QR, Code 128, EAN."""

from functools import lru_cache
from typing import Final, Literal

from gateway.scan.qr import draw
from schemas.coupons.codes import shown

Symbology = Literal["text", "qr", "code128", "ean"]
QR_SCALE: Final = 8
BAR_HEIGHT: Final = 60
QUIET_ZONE: Final = 11
"""Modules beside the bars (ISO/IEC 15420 asks for 11 before an EAN, ISO/IEC 15417 for 10)."""
PIXELS: Final = 2
"""Of a module."""


def has_ean(code: str) -> bool:
    """Whether a code is one of EAN: 8 or 13 digits, of which the last one checks the others."""
    if not (code.isascii() and code.isdigit() and len(code) in (8, 13)):
        return False
    digits = [int(digit) for digit in code]
    weighted = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return weighted % 10 == 0


@lru_cache(1024)
def picture(code: str, symbology: Symbology) -> bytes | None:
    """An SVG of a normalised code; plain text for ``text``. None: the code has no such picture (see `has_ean`)."""
    if symbology == "text":
        return shown(code).encode()
    if symbology == "qr":
        return draw(code, "svg", QR_SCALE)
    if symbology == "ean" and not has_ean(code):
        return None
    bars = bars_of(code, symbology)
    end = max(x + width for x, width in bars) + QUIET_ZONE
    path = "".join(f"M{x} 0h{width}v{BAR_HEIGHT}h-{width}z" for x, width in bars)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {end} {BAR_HEIGHT}" width="{end * PIXELS}" '
        f'height="{BAR_HEIGHT * PIXELS}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{end}v{BAR_HEIGHT}H0z"/>'
        f'<path d="{path}"/></svg>'
    )
    return svg.encode()


def bars_of(code: str, symbology: Symbology) -> list[tuple[int, int]]:
    """The dark bars, each with where it begins and its width, in modules."""
    # Few gateways draw bars, and the library takes 200 ms to load.
    from reportlab.graphics.barcode import createBarcodeDrawing
    from reportlab.graphics.shapes import Group, Rect

    kind = "Code128" if symbology == "code128" else f"EAN{len(code)}"
    drawing = createBarcodeDrawing(kind, value=code, barHeight=1, barWidth=1, humanReadable=False, quiet=False)
    found: list[tuple[int, int]] = []
    waiting = [drawing.expandUserNodes()]
    while waiting:
        for one in waiting.pop().contents:
            if isinstance(one, Group):
                waiting.append(one)
            elif isinstance(one, Rect) and one.fillColor is not None:
                found.append((round(one.x), round(one.width)))
    first = min(x for x, _ in found) - QUIET_ZONE
    return sorted((x - first, width) for x, width in found)
