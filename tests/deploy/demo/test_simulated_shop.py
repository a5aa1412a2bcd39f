"""The actions that simulated shoppers choose, as values."""

from collections import Counter
from itertools import chain
from random import Random

from deploy.demo.simulated_shop import (
    FULL_SHELF,
    Action,
    Purchase,
    Return,
    Scan,
    SimpleEvent,
    StockCount,
    build_shelves,
    in_one_region,
    price_of,
    visit,
)
from deploy.local.settings import DEMO_BRAND
from schemas import kinds
from schemas.brand.load import load
from schemas.brand.model import Brand
from tests.support.brand_files import brand

BRAND = load(DEMO_BRAND)


def visits(seed: int, count: int) -> list[list[Action]]:
    random = Random(seed)
    shelves = build_shelves(BRAND, random)
    return [list(visit(BRAND, shelves, random)) for _ in range(count)]


def test_a_seed_decides_everything() -> None:
    assert visits(1, 50) == visits(1, 50) != visits(2, 50)


def test_shoppers_perform_every_kind_of_action() -> None:
    actions = list(chain.from_iterable(visits(3, 800)))
    done = Counter(type(action) for action in actions)
    assert all(done[kind] for kind in (Scan, SimpleEvent, Purchase, Return, StockCount))
    types = {action.type for action in actions if isinstance(action, SimpleEvent)}
    assert types <= kinds.TYPES and {"store_entry", "store_exit", "ad_click", "page_view", "event_checkin"} <= types
    scanned = {BRAND.tags[action.tag].placement for action in actions if isinstance(action, Scan)}
    assert {"shelf", "packaging", "poster", "receipt", "door", "event"} <= scanned


def test_nothing_is_bought_that_is_not_in_stock() -> None:
    random = Random(4)
    shelves = build_shelves(BRAND, random)
    reported = dict(shelves.units)
    assert 0 in reported.values()
    for _ in range(800):
        bought: Purchase | None = None
        for action in visit(BRAND, shelves, random):
            if isinstance(action, Purchase):
                bought = action
                assert all(reported[action.store, sku] >= quantity > 0 for sku, quantity, _ in action.lines)
            if isinstance(action, StockCount):
                if action.quantity != FULL_SHELF:
                    assert bought and action.sku in {sku for sku, _, _ in bought.lines}
                reported[action.store, action.sku] = action.quantity
        assert reported == shelves.units, "the reports give the stock of every shelf"


def test_prices_are_prices() -> None:
    for sku in BRAND.products:
        assert price_of(sku) == price_of(sku) > 0
        assert -price_of(sku).as_tuple().exponent == 2  # type: ignore[operator]


def test_a_nearly_empty_brand_has_visits_too() -> None:
    small = brand()
    empty = Brand(version="v", about=small.about, stores={}, products={}, tags={}, routes=(), rewards=())
    for one in (small, empty):
        random = Random(5)
        shelves = build_shelves(one, random)
        for _ in range(200):
            list(visit(one, shelves, random))


def test_a_shopper_stays_in_one_region() -> None:
    zones = set()
    for seed in range(20):
        brand = in_one_region(BRAND, Random(seed))
        (zone,) = {store.time_zone for store in brand.stores.values()}
        zones.add(zone)
        assert all(not tag.store or tag.store in brand.stores for tag in brand.tags.values())
    assert zones == {store.time_zone for store in BRAND.stores.values()}
