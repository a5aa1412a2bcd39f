"""What types alone cannot say about a brand: references, places, hours, addresses. Pure."""

import string
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]  # its stub leaves it out

from schemas import kinds
from schemas.brand.model import (
    About,
    ApiKey,
    Brand,
    Guards,
    Holdout,
    Item,
    Reward,
    Route,
    Store,
    Tag,
    When,
    is_registered,
)
from schemas.identifiers import TYPES

PLACEHOLDERS = frozenset({"tag", "store", "store_name", "product", "product_name", "campaign", "stock"})


def mistakes(item: Item, brand: Brand) -> Iterator[tuple[str, str]]:
    """Each mistake of an item: the field at fault as a path, and what is wrong with it."""
    if not item.id or len(item.id) > 100 or not all(c.isalnum() or c in "-_." for c in item.id):
        yield "id", "must be 1 to 100 letters, digits, '-', '_' or '.'"
    match item:
        case About():
            yield from _about(item)
        case Store():
            yield from _store(item)
        case Tag():
            yield from _refers("store", item.store, brand.stores)
            yield from _refers("product", item.product, brand.products)
            yield from _address("fallback", item.fallback or brand.about.fallback, brand)
        case Route():
            yield from _route(item, brand)
        case Reward():
            yield from _unknown_types("on", item.on)
            if item.points < 0 or item.points_per_unit < 0 or not item.points + item.points_per_unit:
                yield "points", "a reward needs points or points_per_unit above zero"
            if item.points_per_unit and not set(item.on) <= kinds.MONEY - {kinds.RETURN}:
                yield "points_per_unit", "only a sale has an amount"
            yield from _at_least_one("purchases_at_least", item.purchases_at_least)
        case ApiKey():
            if not item.hash.startswith("sha256:") or len(item.hash) != 71:
                yield "hash", "must be sha256: and the 64 hex digits of the key's SHA-256"
            for scope in item.scopes:
                if scope not in kinds.SCOPES:
                    yield "scopes", f"no scope {scope!r}; there are {', '.join(kinds.SCOPES)}"


def _about(about: About) -> Iterator[tuple[str, str]]:
    if len(about.currency) != 3 or not about.currency.isupper():
        yield "currency", "must be an ISO 4217 code such as EUR"
    if len(about.country) != 2 or not about.country.isupper():
        yield "country", "must be an ISO 3166 code such as DE"
    if not is_registered(about.fallback, about.destinations):
        yield "fallback", f"{about.fallback} is under none of the brand's destinations"
    yield from _unknown_types("touch_types", about.touch_types)
    yield from _guards(about.guards, (*TYPES, *about.identifier_types))
    yield from _holdout(about.holdout)


def _guards(guards: Guards, types: Sequence[str]) -> Iterator[tuple[str, str]]:
    for field, limits in (("neighbours", guards.neighbours), ("per_person", guards.per_person)):
        for kind, limit in limits.items():
            if kind not in types:
                yield (
                    f"guards.{field}.{kind}",
                    f"no type of identifier is called {kind!r}; there are {', '.join(types)}",
                )
            if limit < 0:
                yield f"guards.{field}.{kind}", f"{limit} is no limit: it must be zero or more"
    if guards.person_size < 1:
        yield "guards.person_size", f"{guards.person_size} is no size: a person has one identifier at least"
    for index, name in enumerate(guards.never_stitch):
        if not name.strip():
            yield f"guards.never_stitch[{index}]", "must name a class of devices"


def _holdout(holdout: Holdout) -> Iterator[tuple[str, str]]:
    if not 0 <= holdout.share <= 0.5:
        yield "holdout.share", f"{holdout.share} is no share from 0 to 0.5, e.g. 0.05 for every twentieth person"
    elif round(holdout.share, 4) != holdout.share:
        yield "holdout.share", f"{holdout.share} has more than four decimals"
    if holdout.share and not holdout.salt:
        yield "holdout.salt", "must be given with a share, e.g. the year: whoever changes it draws other people"


def _store(store: Store) -> Iterator[tuple[str, str]]:
    try:
        ZoneInfo(store.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "time_zone", f"no time zone {store.time_zone!r}; see the IANA names, e.g. Europe/Berlin"
    try:
        OpeningHours(store.hours)
    except ParserError as error:
        yield "hours", f"not in the opening_hours syntax: {str(error).splitlines()[-1].strip(' =')}"


def _route(route: Route, brand: Brand) -> Iterator[tuple[str, str]]:
    yield from _unknown_types("when.types", route.when.types)
    for store in route.when.stores:
        yield from _refers("when.stores", store, brand.stores)
    for tag in route.when.tags:
        yield from _refers("when.tags", tag, brand.tags)
    yield from _purchases(route.when, brand)
    for field in ("url", "title", "text", "label"):
        for name in _placeholders(getattr(route.action, field)):
            if name not in PLACEHOLDERS:
                yield f"action.{field}", f"no {{{name}}}; there are {', '.join(sorted(PLACEHOLDERS))}"
    yield from _address("action.url", route.action.url, brand)
    if route.action.kind == "page" and not (route.action.title and route.action.label):
        yield "action.title", "a page needs a title and a label"


def _purchases(when: When, brand: Brand) -> Iterator[tuple[str, str]]:
    yield from _at_least_one("when.purchases_at_least", when.purchases_at_least)
    yield from _at_least_one("when.bought_within_days", when.bought_within_days)
    spent = when.spent_at_least
    if spent is not None and not (spent.is_finite() and spent > 0):
        yield "when.spent_at_least", f"{spent} is no amount above zero"
    categories = {product.category for product in brand.products.values()}
    for category in when.bought_categories:
        if not category or category not in categories:
            yield "when.bought_categories", f"no product is of the category {category!r}"


def _at_least_one(field: str, number: int | None) -> Iterator[tuple[str, str]]:
    if number is not None and number < 1:
        yield field, f"{number} is too few: it must be one or more"


def _placeholders(text: str) -> Iterator[str]:
    try:
        yield from (name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    except ValueError:
        yield text


def _address(field: str, url: str, brand: Brand) -> Iterator[tuple[str, str]]:
    if not is_registered(url, brand.about.destinations):
        yield field, f"{url} is under none of the brand's destinations"


def _refers(field: str, name: str, known: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if name and name not in known:
        yield field, f"{name!r} is not in the configuration"


def _unknown_types(field: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if name not in kinds.TYPES:
            yield field, f"no kind of touchpoint is called {name!r}"
