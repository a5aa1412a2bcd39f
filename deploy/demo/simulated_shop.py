"""The actions of simulated shoppers, as values: a pure function of a seeded random generator and the shelves' stock."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import msgspec

from schemas.brand.model import Brand, Tag

SCAN_SHARE = 0.7
"""Share of shoppers in front of a tag who scan it."""
BUY_SHARE = 0.35
RETURN_SHARE = 0.08
FULL_SHELF = 12
RESTOCK_SHARE = 0.15
"""Probability that an empty shelf has been restocked when a shopper reaches it."""
AD_CHANNELS = ("search", "social", "display", "e-mail")


@dataclass(frozen=True, slots=True)
class Scan:
    """A phone opens the link of a tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class SimpleEvent:
    """An event of the shopper that has no properties, such as a store entry or an ad click."""

    type: str
    store: str = ""
    product: str = ""
    campaign: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A sale at the till: product, units and price of one unit of each line."""

    store: str
    lines: tuple[tuple[str, int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Return:
    """The shopper returns the whole last purchase."""


@dataclass(frozen=True, slots=True)
class StockCount:
    """A stock report of one product in one store, in units."""

    store: str
    sku: str
    quantity: int


Action = Scan | SimpleEvent | Purchase | Return | StockCount


@dataclass(slots=True)
class Shelves:
    """Units in stock by (store, product)."""

    units: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, store: str, sku: str, quantity: int) -> StockCount:
        """Removes units and returns the stock report that follows."""
        left = max(0, self.units.get((store, sku), 0) - quantity)
        self.units[store, sku] = left
        return StockCount(store, sku, left)


def build_shelves(brand: Brand, random: Random) -> Shelves:
    """Random stock: some shelves full, some nearly empty, some sold out."""
    return Shelves(
        {
            (store, sku): random.choice((0, 1, 2, 3, 6, 8, FULL_SHELF))
            for store in brand.stores
            for sku in brand.products
        }
    )


def price_of(sku: str) -> Decimal:
    """The price of a product, derived from its id: 2.90 to 41.90."""
    return Decimal(sum(sku.encode()) % 40 + 2) + Decimal("0.90")


def in_one_region(brand: Brand, random: Random) -> Brand:
    """The brand as one shopper meets it, with the stores of a time zone: nobody is in two cities within a minute."""
    if not brand.stores:
        return brand
    zone = brand.stores[random.choice(sorted(brand.stores))].time_zone
    stores = {id: store for id, store in brand.stores.items() if store.time_zone == zone}
    tags = {id: tag for id, tag in brand.tags.items() if not tag.store or tag.store in stores}
    return msgspec.structs.replace(brand, stores=stores, tags=tags)


def visit(brand: Brand, shelves: Shelves, random: Random) -> Iterator[Action]:
    """The actions of one visit: an advertisement or a poster, perhaps a store and its shelves, perhaps a purchase."""
    yield from _before_the_store(brand, random)
    if not brand.stores or random.random() < 0.25:
        return
    store = random.choice(sorted(brand.stores))
    yield SimpleEvent("store_entry", store=store)
    yield from _scans(brand, random, ("door", "zone"), store, 1)
    viewed = [tag for tag in _tags_at(brand, ("shelf", "product"), store) if tag.product]
    random.shuffle(viewed)
    for tag in viewed[:2]:
        if shelves.units.get((store, tag.product), 0) == 0 and random.random() < RESTOCK_SHARE:
            shelves.units[store, tag.product] = FULL_SHELF
            yield StockCount(store, tag.product, FULL_SHELF)
        if random.random() < SCAN_SHARE:
            yield Scan(tag.id)
    yield from _purchase(brand, shelves, random, store, [tag.product for tag in viewed[:2]])
    yield SimpleEvent("store_exit", store=store)
    if random.random() < RETURN_SHARE:
        yield Return()


def _before_the_store(brand: Brand, random: Random) -> Iterator[Action]:
    kind = random.random()
    campaigns = sorted({tag.campaign for tag in brand.tags.values() if tag.campaign}) or [""]
    if kind < 0.25:
        yield SimpleEvent("ad_click", campaign=random.choice(campaigns), channel=random.choice(AD_CHANNELS))
    elif kind < 0.45 and brand.products:
        yield SimpleEvent("page_view", product=random.choice(sorted(brand.products)), channel="web")
    elif kind < 0.65:
        yield from _scans(brand, random, ("packaging",), "", 1)
    elif kind < 0.75:
        for tag in _sample(brand, random, ("event",), None, 1):
            yield Scan(tag.id)
            yield SimpleEvent("event_checkin", store=tag.store, campaign=tag.campaign)
    else:
        yield from _scans(brand, random, ("poster",), None, 1)


def _purchase(brand: Brand, shelves: Shelves, random: Random, store: str, wanted: list[str]) -> Iterator[Action]:
    found = [sku for sku in dict.fromkeys(wanted) if shelves.units.get((store, sku), 0) > 0]
    if not found or random.random() > BUY_SHARE:
        return
    lines = []
    for sku in found:
        quantity = min(random.choice((1, 1, 1, 2)), shelves.units[store, sku])
        lines.append((sku, quantity, price_of(sku)))
    yield Purchase(store, tuple(lines))
    for sku, quantity, _ in lines:
        yield shelves.take(store, sku, quantity)
    yield from _scans(brand, random, ("receipt",), store, 1)


def _scans(brand: Brand, random: Random, placements: tuple[str, ...], store: str | None, most: int) -> Iterator[Action]:
    for tag in _sample(brand, random, placements, store, most):
        if random.random() < SCAN_SHARE:
            yield Scan(tag.id)


def _sample(brand: Brand, random: Random, placements: tuple[str, ...], store: str | None, most: int) -> list[Tag]:
    found = _tags_at(brand, placements, store)
    return random.sample(found, min(most, len(found)))


def _tags_at(brand: Brand, placements: tuple[str, ...], store: str | None) -> list[Tag]:
    # Shoppers have no phone to hold to a chip, and no code to read from a screen.
    plain = [tag for tag in brand.tags.values() if not tag.security]
    return [tag for tag in plain if tag.placement in placements and (store is None or tag.store == store)]
