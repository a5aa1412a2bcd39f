"""From a till's sale and return to the coupon: rewards says what was booked, coupons does what the pool says."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from processors.step import Emit
from schemas.brand.coupon_pools import CouponPool, Discount, Refund
from schemas.events import CouponRequested, Event
from tests.support.builders import build_events, merged, purchase, returned
from tests.support.coupons import Coupons, basket, pools_of
from tests.support.harness import Harness

POOL = CouponPool(
    id="five",
    title="5 off",
    size=10,
    discount=Discount(amount=Decimal(5)),
    refund=Refund(full="release", partial="keep", exchange="void"),
)


def with_properties(event: Any, **properties: Any) -> Any:
    return msgspec.structs.replace(event, properties=msgspec.json.encode(properties).decode())


def about_coupons(rewards: Harness, *events: Event) -> list[CouponRequested]:
    """What rewards tells coupons of these events."""
    effects = [effect for event in events for effect in rewards.apply(event)]
    effects += rewards.deliver(effects)
    return [one.event for one in effects if isinstance(one, Emit) and isinstance(one.event, CouponRequested)]


def told(*requests: CouponRequested, sale: str) -> list[str]:
    """The states of a coupon that a sale used, once coupons heard this."""
    coupons = Coupons(pools_of(POOL))
    code = coupons.issue("five")
    coupons.ask("redeem", code, "r1", basket("30"), sale_event_id=sale)
    for request in (*requests, *requests):
        coupons.queue.append(request)
        coupons.deliver()
    return coupons.states(code)


def test_a_sale_that_comes_back_gives_the_coupon_back(rewards: Harness) -> None:
    sale, part, rest = build_events(purchase("25.00"), returned("5.00", of="sale-1"), returned("20.00", of="sale-1"))
    requests = about_coupons(rewards, with_properties(sale, coupons=["K"]), part, rest)
    assert [(one.amount_micros, one.left_micros) for one in requests] == [(5_000_000, 20_000_000), (20_000_000, 0)]
    assert {one.key for one in requests} == {f"sale/{sale.event_id}"}
    assert told(requests[0], sale=sale.event_id) == ["issued", "redeemed"]
    assert told(*requests, sale=sale.event_id) == ["issued", "redeemed", "released refund"]


def test_a_return_that_names_no_sale_and_one_that_somebody_else_brings(rewards: Harness) -> None:
    sale, back = build_events(purchase("25.00"), returned("25.00"))
    [request] = about_coupons(rewards, with_properties(sale, coupons=["K"]), back)
    assert told(request, sale=sale.event_id) == ["issued", "redeemed", "released refund"]
    other, gift = build_events(purchase("25.00", name="gift"), returned("25.00", of="gift", who="ben", name="brought"))
    [request] = about_coupons(rewards, with_properties(other, coupons=["K"]), gift)
    assert told(request, sale=other.event_id) == ["issued", "redeemed", "released refund"]


def test_an_exchange_follows_its_own_policy(rewards: Harness) -> None:
    sale, back = build_events(purchase("25.00"), returned("5.00", of="sale-1"))
    requests = about_coupons(rewards, with_properties(sale, coupons=["K"]), with_properties(back, exchange=True))
    assert [one.reason for one in requests] == ["exchange", ""]
    assert told(*requests, sale=sale.event_id) == ["issued", "redeemed", "void exchange"]


@pytest.mark.parametrize("coupons", [None, [], "no list", 0])
def test_a_sale_without_coupons_tells_nobody_unless_it_says_so(rewards: Harness, coupons: Any) -> None:
    sale, back = build_events(purchase("25.00"), returned("25.00", of="sale-1"))
    requests = about_coupons(rewards, with_properties(sale, coupons=coupons), back)
    assert len(requests) == (1 if coupons == "no list" else 0)


def test_a_merge_says_nothing_twice(rewards: Harness) -> None:
    sale, back, joined = build_events(purchase("25.00"), returned("25.00", of="sale-1"), merged("anna", into="ben"))
    assert len(about_coupons(rewards, with_properties(sale, coupons=["K"]), back, joined)) == 1
