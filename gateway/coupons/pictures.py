"""Pictures of a coupon's code, for the page of its holder and for print: QR, Code 128, EAN."""

from functools import lru_cache
from typing import Final, Literal

from gateway.scan.qr import draw
from schemas.coupons.codes import shown

Symbology = Literal["text", "qr", "code128", "ean"]
SYMBOLOGIES: Final[tuple[Symbology, ...]] = ("text", "qr", "code128", "ean")
QR_SCALE: Final = 8
BAR_HEIGHT: Final = 60
BAR_WIDTH: Final = 1.4
"""Points; a till reads 1.4 points (0.5 mm) from a phone at an arm's length."""


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
    # Few gateways draw bars, and the library takes 200 ms to load.
    from reportlab.graphics import renderSVG
    from reportlab.graphics.barcode import createBarcodeDrawing

    kind = "Code128" if symbology == "code128" else f"EAN{len(code)}"
    bars = createBarcodeDrawing(
        kind, value=code, barHeight=BAR_HEIGHT, barWidth=BAR_WIDTH, humanReadable=True, quiet=True
    )
    svg: str = renderSVG.drawToString(bars)
    return svg.encode()
