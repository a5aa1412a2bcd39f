"""Section ``coupon_pools``: coupons that people earn or get, and on which terms a till takes them."""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from schemas.brand.item import (
    Item,
    Mistake,
    Part,
    Sections,
    foreign_languages,
    unknown_code,
    unknown_reference,
)
from schemas.coupons.codes import normalised
from schemas.currencies import MINOR_UNITS

MAX_SIZE: Final = 10**9
MAX_DAYS: Final = 3660
MAX_MINUTES: Final = 7 * 24 * 60
MAX_MONEY: Final = Decimal(10**9)
MAX_NAMES: Final = 200
"""Of products, categories, stores and pools that a pool names: each coupon keeps its terms."""
MAX_STACKING: Final = 1000
MAX_PREFIX_CHARS: Final = 12
MAX_PER_BASKET: Final = 100
MAX_HOURS_CHARS: Final = 500
_HOLIDAY: Final = re.compile(r"\bPH\b")
Refunded = Literal["release", "void", "keep"]


class CouponTexts(Part, frozen=True):
    """A pool's texts in another language of the brand; what is empty stays in the brand's own."""

    title: str = ""
    text: str = ""


class Discount(Part, frozen=True):
    """What a coupon takes off: an ``amount``, a ``percent`` of what qualifies, or one unit of a ``product``."""

    amount: Decimal | None = None
    percent: Decimal | None = None
    product: str = ""


class CouponConditions(Part, frozen=True):
    """What a basket needs: lines of ``products`` or ``categories`` (none named: of any), worth the ``minimum`` before
    coupons; one of the ``stores``; ``hours`` in the opening_hours syntax of OpenStreetMap, by the store's clock."""

    minimum: Decimal | None = None
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    hours: str = ""


class Refund(Part, frozen=True):
    """What becomes of a coupon when the sale that used it is returned as a whole, in part, or in an exchange: it can be
    used again, is void, or stays used."""

    full: Refunded = "release"
    partial: Refunded = "keep"
    exchange: Refunded = "keep"


class CouponPool(Item, frozen=True, omit_defaults=True):
    """A pool of single-use coupons.

    ``size`` is how many there are at most. ``codes``: generated ones are made when somebody gets a coupon; imported
    ones (`footpath coupons import`) can be used from their import on. ``prefix`` stands in front of generated codes.
    ``valid_days`` counts whole days after the day of issue, ``until`` is the last day, or a time; in ``zone``.
    Coupons of a basket apply in the order of ``stacking``, the lowest first; an ``exclusive`` one is alone in its
    basket, others are kept from those of the pools that they ``excludes``; ``per_basket`` of the same pool may meet.
    """

    section: ClassVar[str] = "coupon_pools"
    kind: ClassVar[str] = "coupon_pool"

    title: str
    size: int
    discount: Discount
    text: str = ""
    texts: dict[str, CouponTexts] = msgspec.field(default_factory=dict)
    codes: Literal["generated", "imported"] = "generated"
    prefix: str = ""
    valid_days: int | None = None
    until: str = ""
    zone: str = "UTC"
    currency: str = ""
    conditions: CouponConditions = CouponConditions()
    stacking: int = 0
    exclusive: bool = False
    excludes: tuple[str, ...] = ()
    per_basket: int = 1
    refund: Refund = Refund()
    reservation_minutes: int = 15

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if not self.title.strip():
            yield "title", "must say what the coupon is, for whoever has it"
        yield from foreign_languages("texts", self.texts, brand)
        yield from _beyond("size", self.size, 1, MAX_SIZE)
        yield from self._code_mistakes()
        yield from self._time_mistakes()
        if self.currency:
            yield from unknown_code("currency", self.currency, MINOR_UNITS, "an ISO 4217 code such as EUR")
        yield from self._discount_mistakes(brand)
        yield from self._condition_mistakes(brand)
        yield from _beyond("stacking", self.stacking, 0, MAX_STACKING)
        yield from _beyond("per_basket", self.per_basket, 1, MAX_PER_BASKET)
        yield from _beyond("reservation_minutes", self.reservation_minutes, 1, MAX_MINUTES)
        for pool in self.excludes:
            yield from unknown_reference("excludes", pool, brand.coupon_pools)
        if len(self.excludes) > MAX_NAMES:
            yield "excludes", f"are {len(self.excludes)}; {MAX_NAMES} is the most"

    def _code_mistakes(self) -> Iterator[Mistake]:
        if self.prefix and (normalised(self.prefix) != self.prefix or len(self.prefix) > MAX_PREFIX_CHARS):
            like = normalised(self.prefix)[:MAX_PREFIX_CHARS]
            yield (
                "prefix",
                f"must be at most {MAX_PREFIX_CHARS} of 0-9 A-Z without I, L, O"
                + (f"; as codes are read it is {like}" if like else ""),
            )
        if self.prefix and self.codes == "imported":
            yield "prefix", "is for generated codes: imported ones are as the file has them"

    def _time_mistakes(self) -> Iterator[Mistake]:
        if self.valid_days is not None:
            yield from _beyond("valid_days", self.valid_days, 0, MAX_DAYS)
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield "zone", f"no time zone {self.zone!r}; see the IANA names, e.g. Europe/Berlin"
        if self.until:
            try:
                year = datetime.fromisoformat(self.until).year
            except ValueError:
                year = 0
            if not 2000 <= year < 2100:
                yield "until", f"{self.until!r} is no date such as 2026-12-31, nor a time such as 2026-12-31T18:00"

    def _discount_mistakes(self, brand: Sections) -> Iterator[Mistake]:
        discount = self.discount
        if (discount.amount is not None) + (discount.percent is not None) + bool(discount.product) != 1:
            yield "discount", "must be one of amount, percent and product"
        if discount.amount is not None:
            places = MINOR_UNITS.get(self.currency or brand.about.currency, 4)
            yield from _money_mistakes("discount.amount", discount.amount, places)
            if discount.amount.is_finite() and not discount.amount:
                yield "discount.amount", "must be above zero"
        if discount.percent is not None:
            percent = discount.percent
            if not percent.is_finite() or not 0 < percent <= 100 or percent != round(percent, 2):
                yield "discount.percent", f"{percent} is not above 0 and up to 100, with two decimals at most"
        yield from unknown_reference("discount.product", discount.product, brand.products)

    def _condition_mistakes(self, brand: Sections) -> Iterator[Mistake]:
        when = self.conditions
        if when.minimum is not None:
            places = MINOR_UNITS.get(self.currency or brand.about.currency, 4)
            yield from _money_mistakes("conditions.minimum", when.minimum, places)
        for field, names, known in (
            ("products", when.products, brand.products),
            ("categories", when.categories, brand.categories),
            ("stores", when.stores, brand.stores),
        ):
            if len(names) > MAX_NAMES:
                yield f"conditions.{field}", f"are {len(names)}; {MAX_NAMES} is the most"
            for name in names:
                yield from unknown_reference(f"conditions.{field}", name, known)
                if not name:
                    yield f"conditions.{field}", "has an empty name"
        if when.hours:
            # Every process reads brands, and few need a parser of opening hours.
            from schemas.brand.opening import Hours
            from schemas.brand.opening_check import opening_mistakes

            if len(when.hours) > MAX_HOURS_CHARS:
                yield "conditions.hours", f"have {len(when.hours)} characters; {MAX_HOURS_CHARS} is the most"
            else:
                # Which holidays count is the store's: here any day stands for them.
                text = _HOLIDAY.sub("Su", when.hours)
                for _, fault in opening_mistakes(Hours(text, self.zone, brand.about.country, "", None), ""):
                    yield "conditions.hours", fault


def _beyond(field: str, number: int, low: int, high: int) -> Iterator[Mistake]:
    if not low <= number <= high:
        yield field, f"{number} is not from {low} to {high}"


def _money_mistakes(field: str, money: Decimal, places: int) -> Iterator[Mistake]:
    if not money.is_finite() or not 0 <= money <= MAX_MONEY:
        yield field, f"{money} is not between 0 and {MAX_MONEY}"
    elif money != round(money, places):
        yield field, f"{money} has more decimals than its currency has: {places}"
