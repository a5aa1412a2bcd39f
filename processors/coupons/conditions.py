"""Whether a basket meets a coupon's terms, and what the coupon takes off."""

from datetime import datetime
from typing import NamedTuple

from schemas.brand.opening import Hours, is_open
from schemas.coupons.basket import Basket, Line
from schemas.coupons.terms import Terms
from schemas.currencies import MINOR_UNITS
from schemas.reasons import CouponReason


class Unmet(NamedTuple):
    """A condition that does not hold, and what a cashier is told."""

    reason: CouponReason
    error: str


def unmet(terms: Terms, basket: Basket, store: str) -> Unmet | None:
    """The first condition that does not hold; None: all do. A basket that the till does not state meets none."""
    if basket.currency and basket.currency != terms.currency:
        return Unmet(CouponReason.CURRENCY, f"The coupon is for {terms.currency}, the basket is in {basket.currency}.")
    if terms.stores and store not in terms.stores:
        return Unmet(CouponReason.STORE, f"The coupon is for other stores: {_listed(terms.stores)}.")
    if terms.hours and not _in_hours(terms.hours, basket):
        return Unmet(CouponReason.HOURS, f"The coupon is for other hours: {terms.hours}.")
    lines = _lines(terms, basket)
    if (terms.products or terms.categories) and not lines:
        return Unmet(CouponReason.PRODUCTS, f"The coupon needs {_listed((*terms.products, *terms.categories))}.")
    if terms.product and not any(line.sku == terms.product for line in basket.lines):
        return Unmet(CouponReason.PRODUCTS, f"The coupon is for {terms.product}, which the basket has not.")
    worth = _worth(terms, basket)
    if worth < terms.minimum:
        least, have = money(terms.minimum, terms.currency), money(worth, terms.currency)
        return Unmet(CouponReason.MINIMUM, f"The coupon needs {least}; the basket has {have} of what it is for.")
    return None


def discount(terms: Terms, basket: Basket, taken: int) -> int:
    """What a coupon takes off, in millionths of its currency.

    :param taken: what the coupons before it in the basket took off.
    """
    left = max(0, min(_worth(terms, basket), basket.total - taken))
    if terms.product:
        unit = next((_unit(line) for line in basket.lines if line.sku == terms.product), 0)
        return min(unit, max(0, basket.total - taken))
    if terms.percent:
        smallest: int = 10 ** (6 - MINOR_UNITS.get(terms.currency, 6))
        return left * terms.percent // 10_000 // smallest * smallest
    return min(terms.amount, left) if basket.currency else terms.amount


def money(micros: int, currency: str) -> str:
    """An amount for people: ``5.00 EUR``."""
    return f"{decimal(micros, currency)} {currency}"


def decimal(micros: int, currency: str) -> str:
    """An amount as a decimal string with its currency's decimals."""
    places = MINOR_UNITS.get(currency, 6)
    whole, rest = divmod(micros, 1_000_000)
    return f"{whole}.{rest // 10 ** (6 - places):0{places}d}" if places else str(whole)


def _lines(terms: Terms, basket: Basket) -> list[Line]:
    """The lines that a coupon is for."""
    if not terms.products and not terms.categories:
        return list(basket.lines)
    return [line for line in basket.lines if line.sku in terms.products or line.category in terms.categories]


def _worth(terms: Terms, basket: Basket) -> int:
    if not terms.products and not terms.categories:
        return basket.total
    return sum(line.amount for line in _lines(terms, basket))


def _unit(line: Line) -> int:
    return line.amount * 1_000_000 // line.quantity if line.quantity > 1_000_000 else line.amount


def _in_hours(hours: str, basket: Basket) -> bool:
    if not basket.local:
        return False
    place = Hours(hours, "", basket.country, basket.region, None)
    return is_open(place, datetime.fromisoformat(basket.local)) is True


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown}, …" if len(names) > 5 else shown
