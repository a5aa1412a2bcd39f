"""The query of a scanned link: which of its parameters are recorded, and how they go on to the destination.

Only listed parameters count (``utm_…`` and the brand's own): anybody can write anything into a link, and people's
addresses stand in the links of newsletters. A listed one that holds an e-mail address or a phone number is dropped too.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, quote

from schemas.identifiers.contacts import Effort
from schemas.identifiers.links import Links
from schemas.text import has_control_characters, name_form, visible

MAX_QUERY_BYTES: Final = 4096
CACHED: Final = 500
"""Queries: all codes of a print run have the same."""
MAX_VALUE_CHARS: Final = 200
MAX_PASSED_BYTES: Final = 1500
"""Of all parameters, percent-encoded: with the longest address they fit into a header."""


class LinkQuery:
    """The parameters that count, of one version of a brand.

    :param links: with those that the brand lists.
    """

    def __init__(self, links: Links) -> None:
        self._links = links
        self._cached = lru_cache(CACHED)(self._recorded)

    def recorded(self, query: bytes) -> Mapping[str, str]:
        """The parameters of a query that are recorded: each with its first value, in the brand's spelling."""
        return self._cached(query[:MAX_QUERY_BYTES])

    def _recorded(self, query: bytes) -> Mapping[str, str]:
        found: dict[str, str] = {}
        left = MAX_PASSED_BYTES
        for written, text in parse_qsl(query.decode("latin-1"), errors="replace"):
            name = self._links.listed(written)
            value = self._links.value(name_form(visible(text)))[:MAX_VALUE_CHARS]
            if name is None or name in found or not value or has_control_characters(value):
                continue
            left -= len(name) + len(quote(value, safe="")) + 2
            if left < 0:
                break
            if not self._links.is_personal(name, value, Effort()):
                found[name] = value
        return MappingProxyType(found)


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
