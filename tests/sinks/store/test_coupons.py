"""Views of coupons: what each is now, each use, and uses that another till had already."""

from decimal import Decimal

import pytest

from schemas.brand.coupon_pools import CouponPool, Discount
from tests.support.coupons import DAY, MINUTE, Coupons, basket, pools_of
from tests.support.sink_store import Store

POOL = CouponPool(id="five", title="5 off", size=10, discount=Discount(amount=Decimal(5)), valid_days=3)


@pytest.fixture
def coupons() -> Coupons:
    return Coupons(pools_of(POOL))


def test_what_became_of_each_coupon(store: Store, coupons: Coupons) -> None:
    used, free, back, double = (coupons.issue("five", ordinal) for ordinal in range(4))
    coupons.ask("redeem", used, "r1", basket("30"), sale_event_id="till/1001")
    coupons.ask("redeem", back, "r2", basket("30"), sale_event_id="till/1002")
    coupons.returned("till/1002", "30", "0")
    at = coupons.now + MINUTE
    coupons.wait(60 * MINUTE)
    coupons.ask("redeem", double, "online", basket("30"), store="mitte")
    coupons.ask("redeem", double, "offline", basket("4", offline=True), store="bar", occurred_at=at)
    coupons.wait(10 * DAY)
    for _ in range(2):
        store.put(coupons.changes.values())
    now = dict(store.ask("SELECT code, state FROM coupon"))
    assert now == {used: "redeemed", free: "expired", back: "expired", double: "redeemed"}
    assert store.ask("SELECT sale_namespace, sale_event_id, discount FROM coupon WHERE code = '" + used + "'") == [
        ("till", "1001", Decimal(5))
    ]
    uses = "SELECT redemption_id, is_double, toUnixTimestamp(given_back_at) > 0 FROM coupon_use ORDER BY redemption_id"
    assert store.ask(uses) == [
        ("tills/offline", False, 0),
        ("tills/online", True, 0),
        ("tills/r1", False, 0),
        ("tills/r2", False, 1),
    ]
    doubles = "SELECT code, store, first_store, lost FROM coupon_double"
    assert store.ask(doubles) == [(double, "mitte", "bar", Decimal(5))]
