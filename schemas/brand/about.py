"""Section ``brand``: the brand itself."""

import re
from collections.abc import Iterator
from typing import ClassVar, Literal

from schemas.brand.destinations import destination_fault
from schemas.brand.guards import Guards
from schemas.brand.holdout import Holdout
from schemas.brand.item import (
    Item,
    Mistake,
    Part,
    Sections,
    directions_to,
    fallback_mistakes,
    unknown_code,
    unknown_kinds,
    unknown_name,
    unregistered_address,
)
from schemas.brand.look import Look
from schemas.brand.query import Query
from schemas.brand.tags import PLACEMENTS
from schemas.countries import COUNTRIES
from schemas.currencies import MINOR_UNITS
from schemas.identifiers.types import TYPES
from schemas.languages import direction_of, language_faults

_TYPE_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
MAX_LANGUAGES = 30
DEFAULT_TOUCH_TYPES = (
    "scan",
    "nfc_tap",
    "ad_click",
    "message_clicked",
    "event_checkin",
    "portal_login",
    "page_view",
)


class Channel(Part, frozen=True):
    """One line of the channel grouping: the first whose conditions all hold names a touch's channel. Empty matches."""

    channel: str
    type: str = ""
    placement: str = ""
    campaign: str = ""

    def mistakes(self, field: str) -> Iterator[Mistake]:
        """:param field: the line's own field."""
        if not self.channel.strip():
            yield f"{field}.channel", "must name the channel"
        if self.type:
            yield from unknown_kinds(f"{field}.type", (self.type,))
        if self.placement:
            yield from unknown_name(f"{field}.placement", self.placement, PLACEMENTS, "no placement is called")


class About(Item, frozen=True):
    """The brand itself; there is one.

    ``destinations`` are the address prefixes that a phone may be sent to; ``fallback`` answers where nothing better is
    known; ``country`` (ISO 3166) reads national phone numbers; ``touch_types`` are the kinds that count as touches in
    attribution; ``identifier_types`` are types of identifiers beside the built-in ones; ``code_properties`` names
    properties of events that hold codes or quantities, so that no digits in them are taken for a phone number;
    ``language`` (BCP 47) is that of the pages' texts, which screen readers and browsers go by, and ``direction`` the
    way they run, by default that of the language; ``languages`` are others that texts may be in; ``query`` says which
    parameters of a link count; ``pictures`` are address prefixes that pictures may come from beside the destinations;
    ``directions`` is the address of the way to a store, with {store}, {latitude} and {longitude};
    with ``device_links`` a scan's destination gets the parameter ``fp``, by which the tracker there knows the device.
    """

    section: ClassVar[str] = "brand"
    kind: ClassVar[str] = "brand"
    later: ClassVar[frozenset[str]] = frozenset({"languages", "pictures", "directions", "look", "device_links"})

    name: str
    currency: str
    country: str
    fallback: str
    destinations: tuple[str, ...]
    touch_types: tuple[str, ...] = DEFAULT_TOUCH_TYPES
    channels: tuple[Channel, ...] = ()
    identifier_types: tuple[str, ...] = ()
    code_properties: tuple[str, ...] = ()
    language: str = ""
    direction: Literal["", "ltr", "rtl"] = ""
    query: Query = Query()
    guards: Guards = Guards()
    holdout: Holdout = Holdout()
    languages: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    directions: str = ""
    look: Look = Look()
    device_links: bool = False

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from unknown_code("currency", self.currency, MINOR_UNITS, "an ISO 4217 code such as EUR")
        yield from unknown_code("country", self.country, COUNTRIES, "an ISO 3166 code such as DE")
        if not self.destinations:
            yield "destinations", "must list where phones may be sent, e.g. https://shop.example"
        for index, destination in enumerate(self.destinations):
            if fault := destination_fault(destination):
                yield f"destinations[{index}]", f"{destination!r} {fault}"
        yield from fallback_mistakes("fallback", self.fallback, brand)
        if self.language:
            for fault in language_faults(self.language):
                yield "language", fault
        yield from self._page_mistakes(brand)
        yield from self.query.mistakes()
        yield from unknown_kinds("touch_types", self.touch_types)
        for index, channel in enumerate(self.channels):
            yield from channel.mistakes(f"channels[{index}]")
        yield from self._identifier_type_mistakes()
        yield from self.guards.mistakes((*TYPES, *self.identifier_types))
        yield from self.holdout.mistakes()

    def _page_mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if self.languages and not self.language:
            yield "languages", "are other ones than language, which must be said too"
        if len(self.languages) > MAX_LANGUAGES:
            yield "languages", f"are {len(self.languages)}; {MAX_LANGUAGES} is the most"
        known = {self.language.lower()}
        for index, language in enumerate(self.languages):
            for fault in language_faults(language):
                yield f"languages[{index}]", fault
            if language.lower() in known:
                yield f"languages[{index}]", f"{language} is listed twice"
            known.add(language.lower())
        for index, prefix in enumerate(self.pictures):
            if fault := destination_fault(prefix):
                yield f"pictures[{index}]", f"{prefix!r} {fault}"
        if self.directions:
            example = directions_to(self.directions, "store", (52.5, 13.4))
            if "{" in example or "}" in example:
                yield "directions", "may name {store}, {latitude} and {longitude}, and has no other braces"
            yield from unregistered_address("directions", example, brand)
        yield from self.look.mistakes(brand)

    @property
    def text_direction(self) -> Literal["", "ltr", "rtl"]:
        """The way that the pages' texts run; empty where the brand says nothing of it."""
        return self.direction or (direction_of(self.language) if self.language else "")

    def _identifier_type_mistakes(self) -> Iterator[Mistake]:
        for index, name in enumerate(self.identifier_types):
            field = f"identifier_types[{index}]"
            if not _TYPE_NAME.fullmatch(name):
                yield field, f"{name!r} must be 1 to 50 small letters, digits or '_', and begin with a letter"
            elif name in TYPES:
                yield field, f"{name!r} is built in"
