"""Which tag a link means. Links come back from scanners, chats and print shops in other letters and with characters
appended: ``/s/SHELF-1``, ``/s/shelf-1.``, ``/s/shelf-1/``, ``/s/shelf-1%20``.

The id as it is comes first. Otherwise the link means a tag whose id it is up to case and appended characters, if there
is only one; of several it means the one in the same case, if only one is. An ambiguous link means none.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from schemas.brand.model import Tag
from schemas.text import JOINERS, visible, without_edges

MAX_CHARS: Final = 400
"""Of what is looked at: the longest id, with every character decomposed and something appended."""
MAX_APPENDED: Final = 16
MAX_ENCODED: Final = 2
"""How often a link may be percent-encoded beside the once that it is decoded by the server."""
_AFTER: Final = re.compile(r"[?#].*", re.DOTALL)
_WITHOUT_JOINERS: Final = str.maketrans("", "", JOINERS)


class TagLookup:
    """The tags of one version of a brand. Some 20 ms and 5 MB for 50,000 tags."""

    def __init__(self, tags: Mapping[str, Tag]) -> None:
        self._tags = tags
        self._folded: dict[str, Tag | None] = {}
        """By id in small letters; None where several tags differ in case alone."""
        for id, tag in tags.items():
            key = _folded(id)
            self._folded[key] = None if key in self._folded else tag

    def find(self, written: str) -> Tag | None:
        """The tag that a link's last part means.

        :param written: percent-decoded once.
        """
        tag = self._tags.get(written)
        return tag if tag is not None else self._find_changed(written)

    def _find_changed(self, written: str) -> Tag | None:
        in_case: dict[str, Tag] = {}
        in_any_case: dict[str, Tag | None] = {}
        for candidate in _candidates(written[:MAX_CHARS]):
            if (tag := self._tags.get(candidate)) is not None:
                in_case[tag.id] = tag
            key = _folded(candidate)
            if key in self._folded:
                in_any_case[key] = self._folded[key]
        found = list(in_case.values() or in_any_case.values())
        return found[0] if len(found) == 1 else None


def _candidates(written: str) -> Iterator[str]:
    """The text as an id, without one appended character, without two …"""
    for _ in range(MAX_ENCODED):
        written = unquote(written) if "%" in written else written
    text = visible(without_edges(_AFTER.sub("", written))).translate(_WITHOUT_JOINERS)
    text = text if text.isascii() else unicodedata.normalize("NFC", text)
    for _ in range(MAX_APPENDED):
        if not text:
            return
        yield text
        if text[-1].isalnum() or unicodedata.combining(text[-1]):
            return
        text = text[:-1]


def _folded(id: str) -> str:
    """An id for comparison in any case (Unicode, D145: canonical caseless matching)."""
    if id.isascii():
        return id.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", id).casefold())
