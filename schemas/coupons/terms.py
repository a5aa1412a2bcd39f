"""The terms of a coupon: what its pool says when it is issued, which later brands do not change."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from schemas.brand.coupon_pools import CouponPool

MICROS: Final = 1_000_000


class Terms(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Money in millionths of ``currency``; ``percent`` in hundredths of a percent; zero and empty: not said."""

    currency: str = ""
    amount: int = 0
    percent: int = 0
    product: str = ""
    minimum: int = 0
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    hours: str = ""
    stacking: int = 0
    exclusive: bool = False
    excludes: tuple[str, ...] = ()
    per_basket: int = 1
    full: str = "release"
    partial: str = "keep"
    exchange: str = "keep"
    reservation_s: int = 900


def terms_of(pool: CouponPool, brand_currency: str) -> Terms:
    """The terms of a coupon that is issued now."""
    when, discount, refund = pool.conditions, pool.discount, pool.refund
    return Terms(
        currency=pool.currency or brand_currency,
        amount=int((discount.amount or 0) * MICROS),
        percent=int((discount.percent or 0) * 100),
        product=discount.product,
        minimum=int((when.minimum or 0) * MICROS),
        products=when.products,
        categories=when.categories,
        stores=when.stores,
        hours=when.hours,
        stacking=pool.stacking,
        exclusive=pool.exclusive,
        excludes=pool.excludes,
        per_basket=pool.per_basket,
        full=refund.full,
        partial=refund.partial,
        exchange=refund.exchange,
        reservation_s=pool.reservation_minutes * 60,
    )


def expires_at(pool: CouponPool, issued_at: int) -> int:
    """When a coupon that is issued then expires, in microseconds since 1970 UTC; 0: never. Of days the last one counts
    to its end in the pool's zone."""
    zone, ends = ZoneInfo(pool.zone), []
    if pool.valid_days is not None:
        day = datetime.fromtimestamp(issued_at // MICROS, zone).date() + timedelta(days=pool.valid_days + 1)
        ends.append(datetime(day.year, day.month, day.day, tzinfo=zone))
    if pool.until:
        last = datetime.fromisoformat(pool.until)
        if len(pool.until) == len("2026-12-31"):
            last += timedelta(days=1)
        ends.append(last if last.tzinfo is not None else last.replace(tzinfo=zone))
    return int(min(ends, key=lambda end: end.timestamp()).timestamp()) * MICROS if ends else 0
