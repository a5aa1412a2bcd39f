"""What the shoppers choose to do, without anybody doing it."""

from collections import Counter
from itertools import chain
from random import Random

from deploy.demo.street import FULL_SHELF, Act, Buy, Count, Follow, GiveBack, Say, build_shelves, price_of, visit
from deploy.local.settings import DEMO_BRAND
from schemas import kinds
from schemas.brand.load import load
from schemas.brand.model import Brand
from tests.schemas.brands import brand

BRAND = load(DEMO_BRAND)


def outings(seed: int, count: int) -> list[list[Act]]:
    random = Random(seed)
    shelves = build_shelves(BRAND, random)
    return [list(visit(BRAND, shelves, random)) for _ in range(count)]


def test_a_seed_decides_everything() -> None:
    assert outings(1, 50) == outings(1, 50) != outings(2, 50)


def test_people_do_all_that_people_do() -> None:
    acts = list(chain.from_iterable(outings(3, 800)))
    done = Counter(type(act) for act in acts)
    assert all(done[kind] for kind in (Follow, Say, Buy, GiveBack, Count))
    said = {act.type for act in acts if isinstance(act, Say)}
    assert said <= kinds.TYPES and {"store_entry", "store_exit", "ad_click", "page_view", "event_checkin"} <= said
    followed = {BRAND.tags[act.tag].placement for act in acts if isinstance(act, Follow)}
    assert {"shelf", "packaging", "poster", "receipt", "door", "event"} <= followed


def test_nobody_buys_what_is_not_there() -> None:
    random = Random(4)
    shelves = build_shelves(BRAND, random)
    counted = dict(shelves.units)
    assert 0 in counted.values()
    for _ in range(800):
        bought: Buy | None = None
        for act in visit(BRAND, shelves, random):
            if isinstance(act, Buy):
                bought = act
                assert all(counted[act.store, sku] >= quantity > 0 for sku, quantity, _ in act.lines)
            if isinstance(act, Count):
                if act.quantity != FULL_SHELF:
                    assert bought and act.sku in {sku for sku, _, _ in bought.lines}
                counted[act.store, act.sku] = act.quantity
        assert counted == shelves.units, "whoever follows the counts knows the shelves"


def test_prices_are_prices() -> None:
    for sku in BRAND.products:
        assert price_of(sku) == price_of(sku) > 0
        assert -price_of(sku).as_tuple().exponent == 2  # type: ignore[operator]


def test_a_brand_of_next_to_nothing_is_walked_too() -> None:
    small = brand()
    empty = Brand(version="v", about=small.about, stores={}, products={}, tags={}, routes=(), rewards=())
    for one in (small, empty):
        random = Random(5)
        shelves = build_shelves(one, random)
        for _ in range(200):
            list(visit(one, shelves, random))
