"""Texts of a brand as HTML: escaped, each in the direction that its letters run."""

import re
import unicodedata
from html import escape
from typing import Final

from schemas.text import FIRST_STRONG_ISOLATE, POP_ISOLATE, has_right_to_left

_ISOLATED: Final = re.compile(f"{FIRST_STRONG_ISOLATE}([^\u2066-\u2069]*){POP_ISOLATE}")
_STRONG: Final = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def as_html(text: str) -> str:
    """The text escaped, each isolated name in an element that isolates (``schemas.brand.placeholders.fill_text``)."""
    return _ISOLATED.sub(r"<bdi>\1</bdi>", escape(text))


def runs(text: str, direction: str) -> str:
    """The ``dir`` attribute of a text. Browsers take its first letter's direction; they do not look at isolated names,
    and a text in a right-to-left language may begin with a Latin word."""
    if text.isascii() and direction != "rtl":
        return ' dir="auto"'
    own = _ISOLATED.sub("", text)
    if direction == "rtl" and has_right_to_left(own):
        return ' dir="rtl"'
    found = "auto" if _first_strong(own) else _first_strong(text) or direction or "auto"
    return f' dir="{found}"'


def name(text: str) -> str:
    """A name beside other texts, which it moves nothing of."""
    return f"<bdi>{escape(text)}</bdi>"


def _first_strong(text: str) -> str:
    return next((_STRONG[kind] for kind in map(unicodedata.bidirectional, text) if kind in _STRONG), "")
