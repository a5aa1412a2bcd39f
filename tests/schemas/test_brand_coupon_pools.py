"""Section coupon_pools: what a brand may say, and what `brand check` says to the rest."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from schemas.brand.checked import Checked
from schemas.brand.coupon_pools import CouponConditions, CouponPool, CouponTexts, Discount
from schemas.coupons.terms import expires_at, terms_of
from tests.support.brand_files import brand

FIVE = Discount(amount=Decimal(5))


def faults(**fields: Any) -> list[str]:
    pool = CouponPool(**{"id": "p", "title": "P", "size": 10, "discount": FIVE, **fields})
    whole = replace(brand(1), coupon_pools={"p": pool})
    found = [field for field, _ in pool.mistakes(Checked(whole))]
    if not found:  # what the check accepts, coupons can issue
        assert terms_of(pool, "EUR").per_basket >= 1 and expires_at(pool, 1_700_000_000_000_000) >= 0
    return found


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, None),
        ({"title": " "}, "title"),
        ({"size": 0}, "size"),
        ({"size": 10**9 + 1}, "size"),
        ({"discount": Discount()}, "discount"),
        ({"discount": Discount(amount=Decimal(1), percent=Decimal(1))}, "discount"),
        ({"discount": Discount(amount=Decimal(0))}, "discount.amount"),
        ({"discount": Discount(amount=Decimal("0.001"))}, "discount.amount"),
        ({"discount": Discount(amount=Decimal("NaN"))}, "discount.amount"),
        ({"discount": Discount(percent=Decimal("100.01"))}, "discount.percent"),
        ({"discount": Discount(percent=Decimal("33.33"))}, None),
        ({"discount": Discount(percent=Decimal("0"))}, "discount.percent"),
        ({"discount": Discount(product="nothing")}, "discount.product"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "JPY", "discount": Discount(amount=Decimal("0.5"))}, "discount.amount"),
        ({"conditions": CouponConditions(minimum=Decimal(-1))}, "conditions.minimum"),
        ({"conditions": CouponConditions(products=("nothing",))}, "conditions.products"),
        ({"conditions": CouponConditions(categories=("",))}, "conditions.categories"),
        ({"conditions": CouponConditions(stores=("nowhere",))}, "conditions.stores"),
        ({"conditions": CouponConditions(hours="Mo-Fr 8-25")}, "conditions.hours"),
        ({"conditions": CouponConditions(hours="Mo-Fr 08:00-11:00")}, None),
        ({"conditions": CouponConditions(hours="Mo-Fr 08:00-11:00; PH off")}, None),
        ({"valid_days": -1}, "valid_days"),
        ({"valid_days": 10**6}, "valid_days"),
        ({"until": "tomorrow"}, "until"),
        ({"until": "9999-12-31"}, "until"),
        ({"until": "2026-12-31T18:00"}, None),
        ({"zone": "Europe/Berlim"}, "zone"),
        ({"prefix": "spring"}, "prefix"),
        ({"prefix": "SPR1NG"}, None),
        ({"prefix": "SPR1NG", "codes": "imported"}, "prefix"),
        ({"excludes": ("other",)}, "excludes"),
        ({"stacking": -1}, "stacking"),
        ({"per_basket": 0}, "per_basket"),
        ({"reservation_minutes": 0}, "reservation_minutes"),
        ({"texts": {"xx": CouponTexts(title="?")}}, "texts.xx"),
    ],
)
def test_what_the_check_says(fields: dict[str, Any], field: str | None) -> None:
    assert faults(**fields) == ([field] if field else [])


def test_a_brand_without_pools_keeps_its_version() -> None:
    whole = brand(3)
    assert replace(whole, coupon_pools={}).version == whole.version
