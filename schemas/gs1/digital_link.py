"""GS1 Digital Link URIs (GS1 Digital Link standard: URI syntax 1.6): ``https://brand.example/01/09506000134352/10/LOT1``
names a key, qualifiers in the key's order, and in the query further attributes.

Pure: a URI is read into its elements, or a :class:`Fault` says what is wrong; elements are written as a URI.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from schemas.gs1.dictionary import Ai
from schemas.gs1.elements import Element, Fault, entry_of, value_fault

CANONICAL_STEM: Final = "https://id.gs1.org"
GTIN: Final = "01"
MAX_ELEMENTS: Final = 64
ALPHAS: Final = {
    "cpid": "8010", "cpsn": "8011", "cpv": "22", "gcn": "255", "gdti": "253", "giai": "8004", "ginc": "401",
    "gln": "414", "glnx": "254", "gmn": "8013", "grai": "8003", "gsin": "402", "gsrn": "8018", "gsrnp": "8017",
    "gtin": "01", "itip": "8006", "lot": "10", "party": "417", "refno": "8020", "ser": "21", "srin": "8019",
    "sscc": "00",
}  # fmt: skip
"""Names in place of digits in the path, which the standard had until its release 1.2: printed codes have them."""
_URI: Final = re.compile(r"(?:https?|HTTPS?)://([^/]*)(/[^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9\-.:\[\]]+")


class Permits(NamedTuple):
    """What is read beside the standard: names for digits, GTINs without their leading zeros, AIs that the dictionary
    does not have, and these in the query."""

    alphas: bool = False
    zero_suppressed: bool = False
    unknown: bool = False
    unknown_attributes: bool = False


STRICT: Final = Permits()
PRINTED: Final = Permits(alphas=True, zero_suppressed=True)
"""What codes in the field have."""


class DigitalLink(NamedTuple):
    """``key`` is the primary key, ``qualifiers`` those of the path, ``attributes`` those of the query."""

    key: Element
    qualifiers: tuple[Element, ...] = ()
    attributes: tuple[Element, ...] = ()

    @property
    def path(self) -> tuple[Element, ...]:
        """The elements of the path, in its order."""
        return (self.key, *self.qualifiers)

    @property
    def elements(self) -> tuple[Element, ...]:
        """All elements, in the URI's order."""
        return (*self.path, *self.attributes)


def parse(uri: str, permits: Permits = STRICT) -> DigitalLink | Fault:
    """A whole URI. Its host is not resolved, its fragment ignored."""
    if not _CHARACTERS.fullmatch(uri):
        return Fault("", "has a character that no URI has")
    found = _URI.fullmatch(uri)
    if found is None or not _DOMAIN.fullmatch(found[1]):
        return Fault("", "must be http:// or https://, a host and a path")
    return parse_path(found[2], found[3] or "", permits)


def parse_path(path: str, query: str = "", permits: Permits = STRICT) -> DigitalLink | Fault:
    """A path and a query, both percent-encoded. What stands before the rightmost key of the path is the stem."""
    steps = path.split("/")[1:]
    start = _key_index(steps, permits)
    if start is None:
        return Fault("", "has no primary key of GS1 such as /01/ in its path")
    elements: list[Element] = []
    entries: list[Ai] = []
    for index in range(start, len(steps), 2):
        entry = _entry(steps[index], permits)
        assert entry is not None
        element = _element(entry, unquote(steps[index + 1], "latin-1"), permits)
        if isinstance(element, Fault):
            return element
        elements.append(element)
        entries.append(entry)
    key, order = entries[0], tuple(entry.ai for entry in entries[1:])
    if order not in key.paths:
        return Fault(key.ai, f"cannot be followed by {', '.join(f'({ai})' for ai in order)} in this order")
    attributes = _attributes(query, permits)
    if isinstance(attributes, Fault):
        return attributes
    if fault := _attribute_fault(key, order, attributes, permits):
        return fault
    return DigitalLink(elements[0], tuple(elements[1:]), attributes)


def compose(elements: Iterable[Element], stem: str = CANONICAL_STEM, permits: Permits = STRICT) -> str | Fault:
    """The URI of elements whose values are right: the first primary key leads, with the most qualifiers that fit; the
    others stand in the query, those of fixed length first. An element that comes twice stands once.

    :param stem: ``https://`` and a host, perhaps with a path.
    """
    found: dict[str, Element] = {}
    entries: dict[str, Ai] = {}
    for element in elements:
        entry = entry_of(element.ai, permits.unknown)
        if entry is None:
            return Fault(element.ai, "is no application identifier")
        found.setdefault(element.ai, element)
        entries[element.ai] = entry
    key = next((entry for entry in entries.values() if entry.is_key), None)
    if key is None:
        return Fault("", "has no primary key of GS1")
    order = max((path for path in key.paths if all(ai in found for ai in path)), key=len)
    rest = [entry for ai, entry in entries.items() if ai != key.ai and ai not in order]
    for entry in rest:
        if fault := _may_be_attribute(entry, permits):
            return fault
    rest.sort(key=lambda entry: not entry.fixed)
    path = "".join(f"/{ai}/{quote(found[ai].value, safe='')}" for ai in (key.ai, *order))
    query = "&".join(f"{entry.ai}={quote(found[entry.ai].value, safe='')}" for entry in rest)
    return f"{stem.rstrip('/')}{path}" + (f"?{query}" if query else "")


def _key_index(steps: list[str], permits: Permits) -> int | None:
    """Where the rightmost primary key is whose value, and all pairs after it, are in the path."""
    for index in range(len(steps) - 2, -1, -2):
        entry = _entry(steps[index], permits)
        if entry is None:
            return None
        if entry.is_key:
            return index
    return None


def _entry(written: str, permits: Permits) -> Ai | None:
    ai = ALPHAS.get(written, written) if permits.alphas else written
    return entry_of(ai, permits.unknown)


def _element(entry: Ai, value: str, permits: Permits) -> Element | Fault:
    if permits.zero_suppressed and entry.ai == GTIN and len(value) in (8, 12, 13):
        value = value.zfill(14)
    if not value:
        return Fault(entry.ai, "has no value")
    return value_fault(entry, value) or Element(entry.ai, value)


def _attributes(query: str, permits: Permits) -> tuple[Element, ...] | Fault:
    """The elements of a query; parameters that are no digits are none of GS1."""
    found: list[Element] = []
    for parameter in query.split("&"):
        name, equals, written = parameter.partition("=")
        if not equals or not (name.isascii() and name.isdigit()):
            continue
        entry = entry_of(name, permits.unknown)
        if entry is None:
            return Fault(name, "is no application identifier")
        if len(found) == MAX_ELEMENTS:
            return Fault("", f"has more than {MAX_ELEMENTS} attributes")
        element = _element(entry, unquote(written.replace("+", " "), "latin-1"), permits)
        if isinstance(element, Fault):
            return element
        found.append(element)
    return tuple(found)


def _attribute_fault(
    key: Ai, order: tuple[str, ...], attributes: tuple[Element, ...], permits: Permits
) -> Fault | None:
    seen = {key.ai, *order}
    for ai, _ in attributes:
        if ai in seen:
            return Fault(ai, "comes twice")
        seen.add(ai)
        entry = entry_of(ai, permits.unknown)
        assert entry is not None
        if fault := _may_be_attribute(entry, permits):
            return fault
        if any((*order[:index], ai, *order[index:]) in key.paths for index in range(len(order) + 1)):
            return Fault(ai, "belongs into the path")
    return None


def _may_be_attribute(entry: Ai, permits: Permits) -> Fault | None:
    unknown_and_permitted = permits.unknown_attributes and entry_of(entry.ai) is None
    return None if entry.attribute or unknown_and_permitted else Fault(entry.ai, "cannot stand in the query")
