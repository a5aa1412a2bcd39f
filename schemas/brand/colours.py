"""Colours as a brand writes them, ``#rrggbb``, and how well one is read on another (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from functools import lru_cache
from typing import Final

TEXT_CONTRAST: Final = 4.5
"""Of a text with what is behind it, at level AA."""
SHAPE_CONTRAST: Final = 3.0
"""Of a button or a graphic with what is around it, at level AA."""
CODE_CONTRAST: Final = 4.5
CODE_LIGHT_CONTRAST: Final = 1.5
"""The least of a QR code's dark modules with its light ones, and the most of these with white paper: independent
decoders read whatever keeps both, small, blurred and turned (tests/deploy/operate/qr/test_colours.py)."""
BLACK: Final = "#000000"
WHITE: Final = "#ffffff"
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def is_colour(text: str) -> bool:
    """Whether it is a colour in the form ``#rrggbb``."""
    return _COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable_on(colour: str) -> str:
    """Black or white, whichever is read better on the colour: one of them always has :data:`TEXT_CONTRAST`."""
    return max(BLACK, WHITE, key=lambda one: contrast(one, colour))


def camera_grey(colour: str) -> str:
    """The grey that decoders make of a colour (Rec. 601)."""
    red, green, blue = _channels(colour)
    return "#" + f"{round(0.299 * red + 0.587 * green + 0.114 * blue):02x}" * 3


def under_red_light(colour: str) -> str:
    """The grey that a till's scanner takes the colour for: most of them see by red light."""
    return f"#{colour[1:3] * 3}"


def mixed(colour: str, other: str, share: float) -> str:
    """The colour with so large a share of another one, from 0 to 1."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


@lru_cache(256)
def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2."""
    linear = [one / 255 / 12.92 if one <= 10 else ((one / 255 + 0.055) / 1.055) ** 2.4 for one in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
