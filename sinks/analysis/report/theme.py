"""The look of charts: few colours that are distinguishable with any colour vision, each with a dark variant.

Hues are those of Okabe and Ito, Color Universal Design (2008), each shifted until it has a contrast of three to one
with its background (WCAG 2.1, 1.4.11) and a clear distance to all others, also for protanopia and deuteranopia. A rule
in the page's style applies the dark variant, so that an SVG is complete without it.
"""

from typing import Any, Final

FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
"""Fonts of the same metrics, so that text widths measured here are right on every machine."""

PAPER: Final = ("#ffffff", "#15181d")
INK: Final = ("#1f2329", "#e9e6df")
FAINT: Final = ("#5b626b", "#a9b0b8")
LINE: Final = ("#d9dce0", "#3a4049")
"""Each as light, dark."""

SERIES: Final = (
    ("#0072b2", "#56b4e9"),
    ("#e66c15", "#e0703a"),
    ("#009b6b", "#3fd6a4"),
    ("#bf73a3", "#f3c2e2"),
    ("#765800", "#f0d840"),
    ("#626065", "#7d858f"),
)
"""Blue, orange, green, purple, brown or yellow, and grey for all others; each as light, dark."""

COLOURS: Final = tuple(light for light, _ in SERIES)
OTHERS: Final = COLOURS[-1]

CONFIG: Final[dict[str, Any]] = {
    "aria": False,  # the SVG as a whole has a title and a description
    "background": None,
    "font": FONT,
    "padding": 4,
    "view": {"stroke": None},
    "axis": {
        "domainColor": LINE[0],
        "gridColor": LINE[0],
        "labelColor": FAINT[0],
        "labelFontSize": 12,
        "tickColor": LINE[0],
        "titleColor": FAINT[0],
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "axisY": {"domain": False, "ticks": False, "labelColor": INK[0]},
    "header": {"labelColor": INK[0], "labelFontSize": 12, "titleColor": FAINT[0]},
    "legend": {"labelColor": INK[0], "labelFontSize": 12, "orient": "top", "symbolType": "square", "title": None},
    "text": {"color": INK[0], "fontSize": 12},
    "rule": {"color": FAINT[0]},
    "range": {"category": list(COLOURS)},
}


def dark_rules() -> str:
    """Style rules that replace every colour of a chart by its dark variant."""
    pairs = (INK, FAINT, LINE, *SERIES)
    return "\n".join(
        f'.picture [{what}="{light}"] {{ {what}: {dark} }}' for light, dark in pairs for what in ("fill", "stroke")
    )
