"""The query of a scanned link: which of its parameters are recorded, and how they go on to the destination.

Only listed parameters count (``utm_…`` and the brand's own): anybody can write anything into a link, and people's
addresses stand in the links of newsletters. A listed one that holds an e-mail address or a phone number is dropped too.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from schemas.brand.query import UTM
from schemas.identifiers.fields import Holds, holds
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.text import has_control_characters, name_form, visible

MAX_QUERY_BYTES: Final = 4096
CACHED: Final = 500
"""Queries: all codes of a print run have the same."""
MAX_VALUE_CHARS: Final = 200
MAX_PASSED_BYTES: Final = 1500
"""Of all parameters, percent-encoded: with the longest address they fit into a header."""
MAX_ENCODED: Final = 4
"""How often a value may be percent-encoded before it is not looked at any more."""
_INTERNATIONAL: Final = re.compile(r"\s*(?:\+|00(?=\d*[\s().\-/]))\s*\d(?:[\s().\-/]*\d){6,}\s*")
"""A phone number in a code such as a campaign's name, whose digits say nothing otherwise."""


class LinkQuery:
    """The parameters that count, of one version of a brand.

    :param names: those that the brand lists.
    """

    def __init__(self, names: Iterable[str], pseudonyms: Pseudonyms) -> None:
        self._names = {name.lower(): name for name in names}
        self._pseudonyms = pseudonyms
        self._cached = lru_cache(CACHED)(self._recorded)

    def recorded(self, query: bytes) -> Mapping[str, str]:
        """The parameters of a query that are recorded: each with its first value, in the brand's spelling."""
        return self._cached(query[:MAX_QUERY_BYTES])

    def _recorded(self, query: bytes) -> Mapping[str, str]:
        found: dict[str, str] = {}
        left = MAX_PASSED_BYTES
        for written, text in parse_qsl(query.decode("latin-1"), errors="replace"):
            key = written.strip().lower()
            name = key if UTM.fullmatch(key) else self._names.get(key)
            value = name_form(visible(text))[:MAX_VALUE_CHARS]
            if name is None or name in found or not value or has_control_characters(value):
                continue
            left -= len(name) + len(quote(value, safe="")) + 2
            if left < 0:
                break
            if not self._is_personal(name, value):
                found[name] = value
        return MappingProxyType(found)

    def _is_personal(self, name: str, value: str) -> bool:
        for _ in range(MAX_ENCODED):
            code = name not in self._names.values() or holds(name) is Holds.CODE
            scrub = self._pseudonyms.scrub_addresses if code else self._pseudonyms.scrub
            if scrub(value) != value or _INTERNATIONAL.fullmatch(value):
                return True
            decoded = unquote(value)
            if decoded == value:
                return False
            value = decoded
        return True


def with_parameters(destination: str, parameters: Mapping[str, str]) -> str:
    """The destination with these parameters in its query, before a fragment; those that it has itself stay as they
    are."""
    address, sharp, fragment = destination.partition("#")
    own = _own_names(address.partition("?")[2])
    added = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in parameters.items()
        if name.lower() not in own
    )
    if not added:
        return destination
    joint = "?" if "?" not in address else "" if address.endswith(("?", "&")) else "&"
    return f"{address}{joint}{added}{sharp}{fragment}"


@lru_cache(1024)
def _own_names(query: str) -> frozenset[str]:
    return frozenset(name.lower() for name, _ in parse_qsl(query.replace(";", "&"), keep_blank_values=True))
