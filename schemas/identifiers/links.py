"""Addresses of pages (URLs) as senders write them: without whatever may say who opened the page.

Of the query only what is listed stays: ``utm_…`` and the brand's own parameters (:class:`schemas.brand.query.Query`).
The user in front of the host and the fragment go; in the path e-mail addresses and international phone numbers are
replaced. The digits of a path are those of products.
"""

import html
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import parse_qsl, quote

from schemas.identifiers.contacts import Effort
from schemas.identifiers.fields import Holds, holds
from schemas.identifiers.placeholders import WRAPPING
from schemas.identifiers.plain import plain

UTM: Final = re.compile(r"utm_[a-z0-9_]{1,40}")
"""The campaign parameters of web analytics, which count without being listed."""
_INTERNATIONAL: Final = re.compile(r"\s*(?:\+|00(?=\d*[\s().\-/]))\s*\d(?:[\s().\-/]*\d){6,}\s*")
"""A phone number in a code such as a campaign's name, whose digits say nothing otherwise."""
_HARMLESS: Final = re.compile(r"(?!00)[A-Za-z0-9._~-]*")
"""A code in which nothing is encoded, without an at sign and without a country prefix."""
_CHARACTER: Final = re.compile(r"&(?:amp;)*(#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,30};)")
_WIDE: Final = str.maketrans({"？": "?", "＃": "#"})
"""Signs in full width, which keyboards of East Asia write."""
_PARTS: Final = re.compile(r"((?:[^/?#]*:)?//)?([^?#]*)(?:\?([^#]*))?", re.DOTALL)
_ANOTHER: Final = re.compile(r"[;&?][^;&=]*=")
_TOKEN: Final = re.compile(r"[^\s\"'<>]+")
_BEHIND: Final = ".,;:!)]"
"""Signs of the sentence that an address ends."""
_MARK: Final = re.compile(r"//|[?？]|www\.", re.IGNORECASE)
_IS_LINK: Final = re.compile(r"[^/?#]*://|//[^/]|www\.|[^?？]*[?？][^=#]*=", re.IGNORECASE | re.DOTALL)
_IS_REFERENCE: Final = re.compile(r"\s*(?:[/?？.]|#\S*$|[^/?#\s]*:?//|\S*[?？]|[^\s=&]+=\S*$)", re.DOTALL)


class Links:
    """:param names: parameters that the brand lists.

    :param scrub_code, scrub_text: replace e-mail addresses in a code; these and phone numbers in a text.
    """

    def __init__(
        self, names: Iterable[str], scrub_code: Callable[[str, Effort], str], scrub_text: Callable[[str, Effort], str]
    ) -> None:
        self._names = {name.lower(): name for name in names}
        self._scrub_code = scrub_code
        self._scrub_text = scrub_text

    def listed(self, written: str) -> str | None:
        """The parameter's name in the brand's spelling; None for one that does not count."""
        key = written.strip().lower()
        return key if UTM.fullmatch(key) else self._names.get(key)

    def is_personal(self, name: str, value: str, effort: Effort) -> bool:
        """Whether the value of a listed parameter says who somebody is."""
        is_text = not UTM.fullmatch(name) and holds(name) is not Holds.CODE
        if not is_text and _HARMLESS.fullmatch(value):
            return False
        said, scrub = plain(value), self._scrub_text if is_text else self._scrub_code
        return scrub(said, effort) != said or _is_international(said)

    def value(self, value: str) -> str:
        """The value of a listed parameter as it is stored: without parameters that were put into it, by another sign
        than ``&`` or encoded; an address within an address keeps no query of its own."""
        if _HARMLESS.fullmatch(value):
            return value
        said = plain(value)
        if not _IS_LINK.match(said) and not _ANOTHER.search(said):
            return value
        return _ANOTHER.split(said, maxsplit=1)[0].partition("?")[0].partition("#")[0]

    def cleaned(self, link: str, effort: Effort) -> str:
        """The address without what is not listed."""
        if "&" in link:  # of a character reference, whose signs part nothing
            link = _CHARACTER.sub(lambda found: html.unescape(f"&{found[1]}"), link)
        found = _PARTS.match(link.translate(_WIDE))
        assert found is not None  # all of its parts are optional
        scheme, rest, query = found[1] or "", found[2], found[3]
        if scheme:
            authority, slash, path = rest.partition("/")
            said = plain(authority)
            rest = f"{said.rpartition('@')[2] if '@' in said else authority}{slash}{path}"
        path = "/".join(self._segment(segment, effort) for segment in rest.split("/"))
        listed = self._listed(query, effort) if query else ""
        return f"{scheme}{path}{'?' if listed else ''}{listed}"

    def _segment(self, segment: str, effort: Effort) -> str:
        if _HARMLESS.fullmatch(segment):
            return segment
        said = plain(segment)
        scrub = self._scrub_text if _is_international(said) else self._scrub_code
        scrubbed = scrub(said, effort)
        return segment if scrubbed == said else scrubbed

    def _listed(self, query: str, effort: Effort) -> str:
        found: dict[str, str] = {}
        for written, value in parse_qsl(query, errors="replace"):
            name = self.listed(written)
            if name is not None and name not in found and not self.is_personal(name, value, effort):
                found[name] = self.value(value)
        return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in found.items())

    def replace_in(self, text: str, scrub: Callable[[str], str], effort: Effort) -> str:
        """A text with every address in it cleaned, and ``scrub`` applied to what is between them."""
        if not _MARK.search(text):
            return scrub(text)
        parts, end = [], 0
        for token in _TOKEN.finditer(text):
            link = token[0].rstrip(_BEHIND)
            if _IS_LINK.match(link):
                parts += [scrub(text[end : token.start()]), self.cleaned(link, effort)]
                end = token.start() + len(link)
        return "".join([*parts, scrub(text[end:])]) if parts else scrub(text)


def _is_international(text: str) -> bool:
    return _INTERNATIONAL.fullmatch(text.strip(WRAPPING)) is not None


def is_query(text: str) -> bool:
    """Whether it is a query without the question mark."""
    return "=" in text.partition("?")[0].partition("/")[0].partition("#")[0]


def may_be_reference(text: str) -> bool:
    """Whether the value of a member that holds an address is one, also one without a host, or a query alone."""
    return _IS_REFERENCE.match(text) is not None
