"""The page that a scan may be answered with: a headline, a text and one button."""

import re
import unicodedata
from functools import lru_cache
from html import escape

from gateway.http.pages import page
from schemas.text import FIRST_STRONG_ISOLATE, POP_ISOLATE, has_right_to_left

_ISOLATED = re.compile(f"{FIRST_STRONG_ISOLATE}([^\u2066-\u2069]*){POP_ISOLATE}")
_STRONG = {"L": "ltr", "R": "rtl", "AL": "rtl"}


@lru_cache(1024)
def action_page(title: str, text: str, label: str, destination: str, language: str = "", direction: str = "") -> bytes:
    """The page as UTF-8 HTML; it needs gateway.http.pages.POLICY. Cached: a decision has few distinct pages.

    Texts may isolate the names in them (``schemas.brand.placeholders.fill_text``).

    :param language, direction: of the brand's texts; empty where the brand does not say.
    """
    paragraph = f"<p{_runs(text, direction)}>{_html(text)}</p>" if text else ""
    button = f'<a{_runs(label, direction)} href="{escape(destination)}" rel="noreferrer">{_html(label)}</a>'
    headline = f"<h1{_runs(title, direction)}>{_html(title)}</h1>"
    return page(title, f"{headline}{paragraph}{button}", language, direction).encode()


def _html(text: str) -> str:
    """The text escaped, each isolated name in an element that isolates."""
    return _ISOLATED.sub(r"<bdi>\1</bdi>", escape(text))


def _runs(text: str, direction: str) -> str:
    """The ``dir`` attribute of a text. Browsers take its first letter's direction; they do not look at isolated names,
    and a text in a right-to-left language may begin with a Latin word."""
    if text.isascii() and direction != "rtl":
        return ' dir="auto"'
    own = _ISOLATED.sub("", text)
    if direction == "rtl" and has_right_to_left(own):
        return ' dir="rtl"'
    found = "auto" if _first_strong(own) else _first_strong(text) or direction or "auto"
    return f' dir="{found}"'


def _first_strong(text: str) -> str:
    return next((_STRONG[kind] for kind in map(unicodedata.bidirectional, text) if kind in _STRONG), "")
