"""What shoppers do, as values: a pure choice of acts by seeded chance and what is on the shelves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from schemas.brand.model import Brand, Tag

SCAN_SHARE = 0.7
"""Share of those who stand before a tag and take their phone out."""
BUY_SHARE = 0.35
RETURN_SHARE = 0.08
FULL_SHELF = 12
RESTOCK_SHARE = 0.15
"""Chance that a visit finds an empty shelf filled up again."""
AD_CHANNELS = ("search", "social", "display", "e-mail")


@dataclass(frozen=True, slots=True)
class Follow:
    """The phone follows the link of a tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class Say:
    """An event about the shopper, sent by whoever noticed it."""

    type: str
    store: str = ""
    product: str = ""
    campaign: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Buy:
    """A sale at the till: units and price of one unit for each product."""

    store: str
    lines: tuple[tuple[str, int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The whole last purchase comes back."""


@dataclass(frozen=True, slots=True)
class Count:
    """Somebody counts a shelf."""

    store: str
    sku: str
    quantity: int


Act = Follow | Say | Buy | GiveBack | Count


@dataclass(slots=True)
class Shelves:
    """Units of each product in each store."""

    units: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, store: str, sku: str, quantity: int) -> Count:
        left = max(0, self.units.get((store, sku), 0) - quantity)
        self.units[store, sku] = left
        return Count(store, sku, left)


def build_shelves(brand: Brand, random: Random) -> Shelves:
    """Some shelves full, some nearly empty, some sold out."""
    return Shelves(
        {
            (store, sku): random.choice((0, 1, 2, 3, 6, 8, FULL_SHELF))
            for store in brand.stores
            for sku in brand.products
        }
    )


def price_of(sku: str) -> Decimal:
    """A price that is always the same for a product: 2.90 to 41.90."""
    return Decimal(sum(sku.encode()) % 40 + 2) + Decimal("0.90")


def visit(brand: Brand, shelves: Shelves, random: Random) -> Iterator[Act]:
    """One shopper's next outing: an advertisement or a poster, perhaps a store and its shelves, perhaps the till."""
    yield from _outside(brand, random)
    if not brand.stores or random.random() < 0.25:
        return
    store = random.choice(sorted(brand.stores))
    yield Say("store_entry", store=store)
    yield from _tags(brand, random, ("door", "zone"), store, 1)
    seen = [tag for tag in _here(brand, ("shelf", "product"), store) if tag.product]
    random.shuffle(seen)
    for tag in seen[:2]:
        if shelves.units.get((store, tag.product), 0) == 0 and random.random() < RESTOCK_SHARE:
            shelves.units[store, tag.product] = FULL_SHELF
            yield Count(store, tag.product, FULL_SHELF)
        if random.random() < SCAN_SHARE:
            yield Follow(tag.id)
    yield from _till(brand, shelves, random, store, [tag.product for tag in seen[:2]])
    yield Say("store_exit", store=store)
    if random.random() < RETURN_SHARE:
        yield GiveBack()


def _outside(brand: Brand, random: Random) -> Iterator[Act]:
    kind = random.random()
    campaigns = sorted({tag.campaign for tag in brand.tags.values() if tag.campaign}) or [""]
    if kind < 0.25:
        yield Say("ad_click", campaign=random.choice(campaigns), channel=random.choice(AD_CHANNELS))
    elif kind < 0.45 and brand.products:
        yield Say("page_view", product=random.choice(sorted(brand.products)), channel="web")
    elif kind < 0.65:
        yield from _tags(brand, random, ("packaging",), "", 1)
    elif kind < 0.75:
        for tag in _pick(brand, random, ("event",), None, 1):
            yield Follow(tag.id)
            yield Say("event_checkin", store=tag.store, campaign=tag.campaign)
    else:
        yield from _tags(brand, random, ("poster",), None, 1)


def _till(brand: Brand, shelves: Shelves, random: Random, store: str, wanted: list[str]) -> Iterator[Act]:
    there = [sku for sku in dict.fromkeys(wanted) if shelves.units.get((store, sku), 0) > 0]
    if not there or random.random() > BUY_SHARE:
        return
    lines = []
    for sku in there:
        quantity = min(random.choice((1, 1, 1, 2)), shelves.units[store, sku])
        lines.append((sku, quantity, price_of(sku)))
    yield Buy(store, tuple(lines))
    for sku, quantity, _ in lines:
        yield shelves.take(store, sku, quantity)
    yield from _tags(brand, random, ("receipt",), store, 1)


def _tags(brand: Brand, random: Random, placements: tuple[str, ...], store: str | None, most: int) -> Iterator[Act]:
    for tag in _pick(brand, random, placements, store, most):
        if random.random() < SCAN_SHARE:
            yield Follow(tag.id)


def _pick(brand: Brand, random: Random, placements: tuple[str, ...], store: str | None, most: int) -> list[Tag]:
    there = _here(brand, placements, store)
    return random.sample(there, min(most, len(there)))


def _here(brand: Brand, placements: tuple[str, ...], store: str | None) -> list[Tag]:
    return [tag for tag in brand.tags.values() if tag.placement in placements and (store is None or tag.store == store)]
