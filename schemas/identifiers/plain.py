"""What a text says under whatever it is written in: percent-encoding, character references, escapes, look-alike signs.

Only for looking: ``https://shop.example/a%2Fb`` and the text that it stands for are not the same address.
"""

import html
import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from schemas.text import visible

ROUNDS: Final = 4
"""How often different encodings may be around each other; of one encoding any number counts as one."""
_ENCODED: Final = re.compile(r"[%&\\]|[^\x00-\x7f]")
_PERCENT: Final = re.compile(r"%(?:25)+(?=[0-9A-Fa-f]{2})")
_AMPERSAND: Final = re.compile(r"&(?:amp;)+", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"(?:\\+|%)u\{?(?:0000)?([0-9A-Fa-f]{4})\}?|\\+x([0-9A-Fa-f]{2})")
"""A character as JSON, JavaScript (also its ``escape``) and CSS-like notations write it."""


def plain(text: str) -> str:
    """The text decoded, in Unicode's NFKC form, without invisible characters. Takes time linear in the text."""
    for _ in range(ROUNDS):
        if not _ENCODED.search(text):
            return text
        decoded = _decoded(text)
        if decoded == text:
            return text
        text = decoded
    return text


def _decoded(text: str) -> str:
    if not text.isascii() and not (unicodedata.is_normalized("NFKC", text) and visible(text) == text):
        normal = unicodedata.normalize("NFKC", visible(text))
        # One sign may stand for eighteen, in which no address hides.
        text = normal if len(normal) <= 3 * len(text) else text
    if "u" in text or "x" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    if "%" in text:
        text = unquote(_PERCENT.sub("%", text))
    return html.unescape(_AMPERSAND.sub("&", text)) if "&" in text else text
