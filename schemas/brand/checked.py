"""A brand as the checks of its items see it, with what they ask of the whole brand worked out once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import msgspec

from schemas.brand.destinations import destination_fault
from schemas.brand.experiments import MAX_EXPERIMENTS
from schemas.brand.gs1_keys import tags_of_products
from schemas.brand.item import Item, Mistake
from schemas.brand.model import About, Brand
from schemas.brand.rendered import EXPERIMENT_BYTES, MAX_ANSWER_BYTES, QUESTION_BYTES, Longest, answer_bytes, longest_of

LONGEST_STOCK: Final = str(-(2**63))
MAX_ITEM_BYTES: Final = 500_000
"""Of an item's JSON: half of what Kafka's clients and brokers take as a record by default."""
MAX_NAME_CHARS: Final = 300
LONG_TEXTS: Final = frozenset({"hours", "if", "url", "fallback", "title", "text", "label", "destinations"})
"""Fields that have their own limits."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SUSPICIOUS = re.compile(rb"[\\\x7f]|[0-9]{19}")
"""In an item's JSON: escapes, among them all other control characters, and numbers that may be beyond 64 bits."""
INT_64 = range(-(2**63), 2**63)


class Checked:
    """The brand's sections, and what checks derive from them (``schemas.brand.item.Sections``)."""

    def __init__(self, brand: Brand) -> None:
        self.about: About = brand.about
        self.stores: Mapping[str, Any] = brand.stores
        self.products: Mapping[str, Any] = brand.products
        self.tags: Mapping[str, Any] = brand.tags
        self.routes: Sequence[Any] = brand.routes
        self.experiments: Mapping[str, Any] = brand.experiments
        self.tiers: Mapping[str, Any] = brand.tiers
        self.campaigns: Mapping[str, Any] = brand.campaigns
        self.coupon_pools: Mapping[str, Any] = brand.coupon_pools
        self.referral: Mapping[str, Any] = brand.referral
        self.loyalty: Mapping[str, Any] = brand.loyalty
        self.surveys: Mapping[str, Any] = brand.surveys

    @cached_property
    def destinations(self) -> tuple[str, ...]:
        return () if any(map(destination_fault, self.about.destinations)) else self.about.destinations

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        return (*self.destinations, *(one for one in self.about.pictures if not destination_fault(one)))

    @cached_property
    def categories(self) -> frozenset[str]:
        return frozenset(product.category for product in self.products.values() if product.category)

    @cached_property
    def products_by_gtin(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for product in self.products.values():
            found.setdefault(product.gtin14, product.id)
        return found

    @cached_property
    def product_tags(self) -> Mapping[str, tuple[str, ...]]:
        return tags_of_products(self.tags.values())

    @cached_property
    def tags_by_gs1_key(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for tag in self.tags.values():
            if tag.gs1:
                found.setdefault(tag.gs1, tag.id)
        return found

    @cached_property
    def longest(self) -> dict[str, Longest]:
        return {
            "tag": longest_of(self.tags),
            "store": longest_of(self.stores),
            "store_name": longest_of(name for store in self.stores.values() for name in store.names()),
            "product": longest_of(self.products),
            "product_name": longest_of(name for product in self.products.values() for name in product.names()),
            "campaign": longest_of(tag.campaign for tag in self.tags.values()),
            "stock": longest_of([LONGEST_STOCK]),
        }

    def mistakes(self) -> Iterator[Mistake]:
        """What is wrong with the brand as a whole."""
        size = answer_bytes(
            (texts for route in self.routes for texts in route.action.templates()),
            (route.id for route in self.routes),
            self.longest,
        ) + sum(len(category.encode()) + 3 for category in self.categories)
        size += EXPERIMENT_BYTES * len(self.experiments)
        size += QUESTION_BYTES * sum(len(survey.questions) for survey in self.surveys.values())
        if size > MAX_ANSWER_BYTES:
            many = f"{len(self.routes)} routes and {len(self.categories)} categories"
            yield "", f"{many} make an answer's record of {size} bytes; {MAX_ANSWER_BYTES} is the most"
        if len(self.experiments) > MAX_EXPERIMENTS:
            yield "", f"{len(self.experiments)} experiments are too many: {MAX_EXPERIMENTS} is the most"


def unwritable(item: Item) -> Iterator[Mistake]:
    """What of an item no record could carry: half characters, numbers beyond 64 bits, and what is too large."""
    try:
        body = msgspec.json.encode(item)
    except (UnicodeEncodeError, OverflowError):
        body = b""
    # A chain has 50,000 tags, and short plain ones have nothing that could be wrong.
    if 0 < len(body) <= MAX_NAME_CHARS and not _SUSPICIOUS.search(body):
        return
    yield from _unwritable(msgspec.to_builtins(item, builtin_types=(bytes,)), "")
    if len(body) > MAX_ITEM_BYTES:
        yield "id", f"the item has {len(body)} bytes; {MAX_ITEM_BYTES} is the most"


def _unwritable(value: Any, path: str) -> Iterator[Mistake]:
    if isinstance(value, str):
        if not _is_whole(value):
            yield path, "has half a character (a surrogate without its other half)"
        elif not value.isprintable() and _CONTROL.search(value):
            yield path, "has control characters"
        elif len(value) > MAX_NAME_CHARS and path.rpartition(".")[2].partition("[")[0] not in LONG_TEXTS:
            yield path, f"has {len(value)} characters; {MAX_NAME_CHARS} is the most"
    elif isinstance(value, int) and value not in INT_64:
        yield path, "is beyond 64 bits"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unwritable(key, path)
            yield from _unwritable(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _unwritable(inner, f"{path}[{index}]")


def _is_whole(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
