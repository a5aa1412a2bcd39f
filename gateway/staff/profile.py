"""A person's profile, in the words of the brand: from the answer of the sink's worker (sinks/privacy/profile.py)."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from gateway.profile.account import Month
from gateway.profile.standing import standing_of, zone_of
from schemas.brand.model import Brand

KEPT_US: Final = 30 * 60 * 1_000_000
"""How long a profile may stand on a screen: a visit ends when nothing happened for so long."""


class SeenProduct(msgspec.Struct, frozen=True):
    """A product that the person scanned or viewed lately, how often, and when last (RFC 3339)."""

    product: str
    name: str
    category: str
    times: int
    at: str


class Interests(msgspec.Struct, frozen=True):
    """What was scanned or viewed lately, the latest first."""

    categories: tuple[str, ...]
    products: tuple[SeenProduct, ...]


class Purchase(msgspec.Struct, frozen=True):
    """The categories of a purchase; of products without one their names."""

    at: str
    categories: tuple[str, ...]


class Offer(msgspec.Struct, frozen=True):
    """What the person was answered in this visit: its route, and the headline where it was a page."""

    at: str
    route: str
    title: str


class OpenCoupon(msgspec.Struct, frozen=True):
    """A coupon that the person can use: its pool, what it is, and until when; its code is for them to show."""

    pool: str
    title: str
    expires_at: str | None


class ShopVisit(msgspec.Struct, frozen=True):
    """The visit that goes on."""

    store: str
    since: str


class Profile(msgspec.Struct, frozen=True):
    """What a person is interested in, has, and was offered; ``consent`` says by purpose and channel what they allow.
    ``expires_at``: from then on it must not be shown."""

    allowed: bool
    made_at: str
    expires_at: str
    visit: ShopVisit | None
    interests: Interests
    purchases: tuple[Purchase, ...]
    balance: int
    tier: str
    coupons: tuple[OpenCoupon, ...]
    offers: tuple[Offer, ...]
    consent: dict[str, bool]


class _Visit(msgspec.Struct):
    store: str
    since: int


class _Seen(msgspec.Struct):
    product: str
    times: int
    at: int


class _Purchase(msgspec.Struct):
    at: int
    products: tuple[str, ...]


class _Offer(msgspec.Struct):
    at: int
    route: str
    title: str


class _Coupon(msgspec.Struct):
    pool: str
    expires_at: int = 0


class _Answer(msgspec.Struct):
    allowed: bool
    visit: _Visit | None = None
    seen: tuple[_Seen, ...] = ()
    purchases: tuple[_Purchase, ...] = ()
    balance: int = 0
    coupons: tuple[_Coupon, ...] = ()
    months: tuple[Month, ...] = ()
    offers: tuple[_Offer, ...] = ()
    consent: dict[str, bool] = {}


def read_profile(data: bytes, made_at_us: int, brand: Brand) -> Profile | None:
    """The profile; None where the person does not allow it. :raises msgspec.MsgspecError: no such data."""
    answer = msgspec.json.decode(data, type=_Answer)
    if not answer.allowed:
        return None
    seen = tuple(
        SeenProduct(one.product, _name(one.product, brand), _category(one.product, brand), one.times, _time(one.at))
        for one in answer.seen
    )
    bought = tuple(
        Purchase(_time(one.at), _distinct(_category(sku, brand) or _name(sku, brand) for sku in one.products))
        for one in answer.purchases
    )
    return Profile(
        allowed=True,
        made_at=_time(made_at_us),
        expires_at=_time(made_at_us + KEPT_US),
        visit=ShopVisit(answer.visit.store, _time(answer.visit.since)) if answer.visit is not None else None,
        interests=Interests(_distinct(one.category for one in seen if one.category), seen),
        purchases=bought,
        balance=answer.balance,
        tier=standing_of(brand.tiers, answer.months, made_at_us, zone_of(brand)).tier,
        coupons=tuple(
            OpenCoupon(one.pool, _title(one.pool, brand), _time(one.expires_at) if one.expires_at else None)
            for one in answer.coupons
        ),
        offers=tuple(Offer(_time(one.at), one.route, one.title) for one in answer.offers),
        consent=answer.consent,
    )


def _title(pool: str, brand: Brand) -> str:
    known = brand.coupon_pools.get(pool)
    return known.title if known is not None else pool


def _name(sku: str, brand: Brand) -> str:
    product = brand.products.get(sku)
    return product.name if product is not None else sku


def _category(sku: str, brand: Brand) -> str:
    product = brand.products.get(sku)
    return product.category if product is not None else ""


def _distinct(texts: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _time(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1_000_000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
