"""What the items of every section have in common, and the checks that several sections share."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from schemas import kinds
from schemas.brand.destinations import is_registered, parse_address
from schemas.brand.rendered import Longest
from schemas.brand.suggestions import closest, suggestion

Mistake = tuple[str, str]
"""The field at fault as a path such as ``when.stores``, and what is wrong with it."""


class Within(str):
    """A field at fault whose mistake stands within its text, ``offset`` characters from its beginning."""

    __slots__ = ("offset",)
    offset: int

    def __new__(cls, field: str, offset: int) -> "Within":
        made = super().__new__(cls, field)
        made.offset = offset
        return made


MAX_ID_CHARS = 100
MAX_PICTURE_CHARS = 300
_NOT_IN_ADDRESSES = frozenset("\"'<>`{}|^;, ")
INT_32 = range(-(2**31), 2**31)
"""The numbers of Avro's type int."""
ID = re.compile(rf"[\w.-]{{1,{MAX_ID_CHARS}}}")
"""The form of an item's id."""


class Sections(Protocol):
    """The brand as the checks of an item see it, so that no section depends on the whole: the brand's own item, and the
    items of other sections by id."""

    @property
    def about(self) -> Any: ...

    @property
    def stores(self) -> Mapping[str, Any]: ...

    @property
    def products(self) -> Mapping[str, Any]: ...

    @property
    def tags(self) -> Mapping[str, Any]: ...

    @property
    def routes(self) -> Sequence[Any]: ...

    @property
    def experiments(self) -> Mapping[str, Any]: ...

    @property
    def tiers(self) -> Mapping[str, Any]: ...

    @property
    def campaigns(self) -> Mapping[str, Any]: ...

    @property
    def coupon_pools(self) -> Mapping[str, Any]: ...

    @property
    def referral(self) -> Mapping[str, Any]: ...

    @property
    def loyalty(self) -> Mapping[str, Any]: ...

    @property
    def surveys(self) -> Mapping[str, Any]: ...

    @property
    def destinations(self) -> tuple[str, ...]:
        """The brand's destinations; none as long as one of them is wrong, since it is that one which is at fault."""

    @property
    def pictures(self) -> tuple[str, ...]:
        """The address prefixes that pictures may come from: the destinations, and those for pictures alone."""

    @property
    def categories(self) -> Collection[str]:
        """The categories of the products."""

    @property
    def products_by_gtin(self) -> Mapping[str, str]:
        """By GTIN, with 14 digits, the first product that has it."""

    @property
    def product_tags(self) -> Mapping[str, tuple[str, ...]]:
        """By product the tags that its GTIN may mean."""

    @property
    def tags_by_gs1_key(self) -> Mapping[str, str]:
        """By another key of GS1 the first tag that has it."""

    @property
    def longest(self) -> Mapping[str, Longest]:
        """The longest value that each placeholder can have."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of fields within an item."""

    later: ClassVar[frozenset[str]] = frozenset()
    """Fields that a later release added: they count for the brand's version where they say something."""


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item of a section; ``id`` is unique within its kind.

    ``section`` is the name of the section in the YAML files, ``kind`` the kind of its items on brand-configured.
    """

    section: ClassVar[str]
    kind: ClassVar[str]
    later: ClassVar[frozenset[str]] = frozenset()
    """Fields that a later release added: they count for the brand's version where they say something."""

    unversioned: ClassVar[frozenset[str]] = frozenset()
    """Fields that are not of the files and do not count for the brand's version."""

    id: str

    @property
    def is_past(self) -> bool:
        """Whether it is kept for what happened before, and none of the files has it."""
        return False

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        """What types alone cannot say: references, places, hours, addresses. Each section adds its own."""
        yield from ()

    def precedence(self) -> tuple[Any, ...]:
        """Sort key of the item among those of its kind."""
        return (self.id,)


def mistakes(item: Item, brand: Sections) -> Iterator[Mistake]:
    """Each mistake of an item of this brand."""
    if not ID.fullmatch(item.id):
        yield "id", f"must be 1 to {MAX_ID_CHARS} letters, digits, '-', '_' or '.'"
    elif not item.id.strip("."):
        yield "id", "must have a letter or digit: in an address dots alone lead elsewhere"
    yield from item.mistakes(brand)


def unknown_name(field: str, name: str, known: Collection[str], denial: str) -> Iterator[Mistake]:
    """A mistake where ``name`` is none of the known ones. :param denial: what is said of it: "no scope is called"."""
    if name not in known:
        yield field, f"{denial} {name!r}{suggestion(name, known)}"


def unknown_reference(field: str, name: str, known: Collection[str]) -> Iterator[Mistake]:
    """A mistake where ``name`` is given and is no id of the section."""
    if name and name not in known:
        yield field, f"{name!r} is not in the configuration{suggestion(name, known)}"


def unknown_code(field: str, code: str, known: Collection[str], what: str) -> Iterator[Mistake]:
    """A mistake where ``code`` is none of a standard. :param what: what it must be, with an example."""
    if code not in known:
        near = closest(code, known)
        yield field, f"{code!r} must be {what}" + (f"; did you mean {near!r}?" if near else "")


def unknown_zone(field: str, name: str) -> Iterator[Mistake]:
    """A mistake where ``name`` is no time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = closest(name, available_timezones())
        meant = f"; did you mean {near!r}?" if near else ""
        yield field, f"no time zone {name!r}{meant}; see the IANA names, e.g. Europe/Berlin"


def unknown_kinds(field: str, names: Sequence[str]) -> Iterator[Mistake]:
    """A mistake for each name that is no kind of touchpoint."""
    for name in names:
        yield from unknown_name(field, name, kinds.TYPES, "no kind of touchpoint is called")


def unregistered_address(field: str, url: str, brand: Sections) -> Iterator[Mistake]:
    """A mistake where a phone may not be sent to the address."""
    if brand.destinations and is_registered(url, brand.destinations):
        return
    if parse_address(url) is None:
        yield field, f"{url!r} is no address that a phone can be sent to, such as https://shop.example/menu"
    elif brand.destinations:
        yield field, f"{url} is under none of the brand's destinations"


def unregistered_picture(field: str, url: str, brand: Sections) -> Iterator[Mistake]:
    """A mistake where no page may show the picture at the address."""
    if parse_address(url) is None:
        yield field, f"{url!r} is no address of a picture, such as https://shop.example/tea.webp"
    elif len(url) > MAX_PICTURE_CHARS:
        yield field, f"has {len(url)} characters; {MAX_PICTURE_CHARS} is the most"
    elif not url.isascii() or not set(url).isdisjoint(_NOT_IN_ADDRESSES):
        yield field, "must have what is no part of an address percent-encoded"
    elif brand.destinations and not is_registered(url, brand.pictures):
        yield field, f"{url} is under none of the brand's destinations and of its pictures' addresses"


def foreign_languages(field: str, languages: Collection[str], brand: Sections) -> Iterator[Mistake]:
    """A mistake for each language of texts that is none of the brand's other ones."""
    for language in languages:
        yield from unknown_name(f"{field}.{language}", language, brand.about.languages, "brand.languages has no")


def directions_to(template: str, store: str, place: tuple[float, float]) -> str:
    """The address of the way to a store. :param place: latitude and longitude in degrees."""
    values = {"{store}": quote(store, safe=""), "{latitude}": f"{place[0]:.6f}", "{longitude}": f"{place[1]:.6f}"}
    for name, value in values.items():
        template = template.replace(name, value)
    return template


def below_one(field: str, number: int | None) -> Iterator[Mistake]:
    """A mistake where a number is given and is not one or more."""
    if number is not None and number < 1:
        yield field, f"{number} is too few: it must be one or more"


def no_trust(field: str, number: int | None) -> Iterator[Mistake]:
    """A trust is a whole number from 0 to 100."""
    if number is not None and not 0 <= number <= 100:
        yield field, f"{number} is no trust: 0 to 100"


def beyond_int(field: str, number: int) -> Iterator[Mistake]:
    """A mistake where a number does not fit into 32 bits, as the stream's records carry it."""
    if number not in INT_32:
        yield field, f"{number} is not between {INT_32[0]} and {INT_32[-1]}"


def fallback_mistakes(field: str, url: str, brand: Sections) -> Iterator[Mistake]:
    """What is wrong with an address that phones get without the stream: nobody fills it in."""
    if "{" in url or "}" in url:
        yield field, f"{url} has braces: a fallback is served as it is, without placeholders; write %7B and %7D"
    yield from unregistered_address(field, url, brand)
