"""What a till sends: JSON to a request for the stream, and what is wrong with it."""

import json
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.brand.live import BrandView
from gateway.coupons.inputs import parse_coupon_request
from gateway.events_api.errors import ValidationError
from schemas.brand.model import ApiKey
from schemas.coupons.basket import Basket, Line, read_basket
from schemas.events import CouponRequested
from tests.support.coupons import MINUTE, NOON
from tests.support.reference import reference

KEY = ApiKey(id="till-7", hash="", scopes=("events:till",), namespace="tills")
VIEW = cast(BrandView, SimpleNamespace(brand=reference().brand, pseudonyms=SimpleNamespace(scrub_addresses=str)))


def parsed(action: str = "redeem", **given: Any) -> CouponRequested:
    body = json.dumps({"redemption_id": "r1", **given}).encode()
    return parse_coupon_request(body, action, "K0DE", KEY, VIEW, NOON, "request")


def fault(action: str = "redeem", **given: Any) -> str:
    with pytest.raises(ValidationError) as error:
        parsed(action, **given)
    return str(error.value)


def test_ids_count_within_the_tills_namespace() -> None:
    asked = parsed(sale_event_id="1001", basket={"id": "b1", "total": 3})
    assert (asked.redemption_id, asked.sale_event_id, read_basket(asked.basket).id) == (
        "tills/r1",
        "tills/1001",
        "tills/b1",
    )
    assert parsed(sale_event_id="shop/1001").sale_event_id == "shop/1001"
    assert (asked.key, asked.source, asked.received_at, asked.occurred_at) == ("K0DE", "till-7", NOON, NOON)


def test_a_basket_has_what_the_stream_would_look_up() -> None:
    lines = [{"sku": "KB-1", "amount": "8.40", "quantity": 2}, {"sku": "bag", "amount": "-0.10"}]
    found = read_basket(parsed(store="hudson", basket={"total": "8.30", "lines": lines}).basket)
    assert found == Basket(
        currency="EUR",
        total=8_300_000,
        lines=(Line("KB-1", 2_000_000, 8_400_000, "coffee"), Line("bag", 1_000_000, -100_000)),
        local="2026-03-02T07:00",
        country="DE",
    )
    assert read_basket(parsed(store="nowhere").basket) == Basket()


def test_an_offline_till_says_when() -> None:
    asked = parsed(occurred_at="2026-03-02T11:59:00Z")
    assert (asked.occurred_at, asked.received_at) == (NOON - MINUTE, NOON)
    assert read_basket(asked.basket).offline
    ahead = parsed(occurred_at="2026-03-02T12:59:00Z")
    assert ahead.occurred_at == NOON, "a till's clock that is ahead does not win against an earlier one"


@pytest.mark.parametrize(
    ("action", "given", "said"),
    [
        ("redeem", {"redemption_id": ""}, "redemption_id: must be a UUID or 1 to 64 of A-Z a-z 0-9 . _ : -"),
        ("redeem", {"redemption_id": "a/b"}, "redemption_id: must be a UUID or 1 to 64 of A-Z a-z 0-9 . _ : -"),
        ("redeem", {"coupons": []}, "coupons: is no known field"),
        ("redeem", {"basket": {}}, "basket.total: is missing"),
        ("redeem", {"basket": {"total": "-1"}}, "basket.total: must not be negative"),
        ("redeem", {"basket": {"total": "0.001"}}, "basket.total: has more decimals than EUR has: 2"),
        ("redeem", {"basket": {"total": 1, "currency": "XXX"}}, "basket.currency: XXX is no currency of ISO 4217"),
        ("redeem", {"store": "a\x00"}, "store: has control characters"),
        ("redeem", {"occurred_at": "today"}, "occurred_at: must be a time of RFC 3339"),
        ("reserve", {"occurred_at": "2026-03-02T11:59:00Z"}, "occurred_at: is of offline tills, which redeem"),
    ],
)
def test_what_is_wrong_is_said(action: str, given: dict[str, Any], said: str) -> None:
    assert fault(action, **given).startswith(said)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(("redemption_id", "basket", "total", "x")), inner)
        ),
    )
)
def test_whatever_is_sent_is_a_request_or_a_fault(value: Any) -> None:
    for body in (json.dumps(value).encode(), repr(value).encode("utf-8", "surrogatepass")):
        try:
            asked = parse_coupon_request(body, "redeem", "K0DE", KEY, VIEW, NOON, "request")
        except (ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        assert read_basket(asked.basket)
