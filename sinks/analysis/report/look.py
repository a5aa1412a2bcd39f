"""How charts look: few colours that everybody can tell apart, each with a twin for a dark screen.

Hues are those of Okabe and Ito, Color Universal Design (2008), each moved until it has a contrast of three to one with
its background (WCAG 2.1, 1.4.11), and is far from all others for eyes without red or green cones too. The dark twin is
put in place by a rule in the page's style, so that a picture is complete without it.
"""

from typing import Any, Final

FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
"""Fonts of the same metrics, so that what was measured here fits everywhere."""

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
    "aria": False,  # the whole picture has a title and a description
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
    """Style rules that give every colour of a picture its dark twin."""
    pairs = (INK, FAINT, LINE, *SERIES)
    return "\n".join(
        f'.picture [{what}="{light}"] {{ {what}: {dark} }}' for light, dark in pairs for what in ("fill", "stroke")
    )
