"""A code as pictures for the cameras and scanners of tills, as SVG within a page: dark on light, also in the dark."""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import Final

from gateway.coupons.pictures import QUIET_ZONE, bars_of, has_ean
from gateway.scan.qr import QUIET_ZONE as QR_QUIET_ZONE
from gateway.scan.qr import modules

BARS_HEIGHT: Final = 40
"""In modules: a till's scanner meets it at a slant."""


@lru_cache(256)
def qr_picture(code: str, label: str) -> str:
    """:param code: printable ASCII. :param label: what a screen reader says."""
    rows = modules(code)
    side = len(rows) + 2 * QR_QUIET_ZONE
    lines = "".join(_line(row, y + QR_QUIET_ZONE) for y, row in enumerate(rows))
    return _svg("qr", side, side, f'<path stroke="#000" d="{lines}"/>', label)


@lru_cache(256)
def bars_picture(code: str, label: str) -> str:
    """As :func:`qr_picture`; an EAN where the code is one, else Code 128. The first one takes 200 ms."""
    bars = bars_of(code, "ean" if has_ean(code) else "code128")
    end = max(x + width for x, width in bars) + QUIET_ZONE
    drawn = "".join(f"M{x} 0h{width}v{BARS_HEIGHT}h-{width}z" for x, width in bars)
    return _svg("bars", end, BARS_HEIGHT, f'<path d="{drawn}"/>', label)


def _line(row: Iterable[int], y: int) -> str:
    """The dark modules of a row, as strokes through their middle."""
    x, line, left = QR_QUIET_ZONE, "", None
    for dark, run in groupby(row):
        width = len([*run])
        if dark:
            line += f"M{x} {y}.5h{width}" if left is None else f"m{x - left} 0h{width}"
            left = x + width
        x += width
    return line


def _svg(name: str, width: int, height: int, drawn: str, label: str) -> str:
    return (
        f'<svg class="{name}" role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {height}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{width}v{height}H0z"/>{drawn}</svg>'
    )
