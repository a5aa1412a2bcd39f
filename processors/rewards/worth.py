"""What a rule is worth for an event: its points, on which products they are, and what multiplies them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, NamedTuple

from processors.reference import Reference
from processors.rewards.reversals import ALL_OF_IT, points_for
from schemas import kinds
from schemas.brand.model import Brand, Reward
from schemas.events import TouchpointIdentified

ONE: Final = Decimal(1)
TierOf = Callable[[], str]
"""Gives the tier of the event's person at its time; empty for none."""


class Worth(NamedTuple):
    """``fixed`` points, and ``per_unit`` for each whole unit of ``counted`` micros of a sale, which ``ALL_OF_IT`` says
    are all of it; ``points`` in all."""

    fixed: int
    per_unit: int
    counted: int
    points: int


def worth_of(rule: Reward, event: TouchpointIdentified, tier_of: TierOf, reference: Reference) -> Worth | None:
    """What the rule is worth; None where it is not about what the event is about."""
    if rule.placements and event.placement not in rule.placements:
        return None
    brand = reference.brand
    if event.type != kinds.SALE:
        if (rule.products or rule.categories) and not _concerns(rule, event.product, brand):
            return None
        factor = _factor(rule, event.product, tier_of, brand) if rule.multipliers else ONE
        points = int(rule.points * factor) if factor is not ONE else rule.points
        return Worth(points, 0, ALL_OF_IT, points)
    per_unit = rule.points_per_unit if event.currency == (rule.currency or brand.about.currency) else 0
    amount = event.amount_micros or 0
    if not (rule.products or rule.categories or rule.multipliers):
        return Worth(rule.points, per_unit, ALL_OF_IT, points_for(rule.points, per_unit, amount))
    return _of_lines(rule, event, per_unit, tier_of, brand)


def _of_lines(rule: Reward, event: TouchpointIdentified, per_unit: int, tier_of: TierOf, brand: Brand) -> Worth | None:
    is_part = bool(rule.products or rule.categories)
    lines = [line for line in event.lines if not is_part or _concerns(rule, line.sku, brand)]
    if is_part and not lines:
        return None
    amount = event.amount_micros or 0
    whole = _factor(rule, "", tier_of, brand)
    factors = [_factor(rule, line.sku, tier_of, brand) for line in lines]
    counted = Decimal(0) if is_part else amount * whole
    for line, factor in zip(lines, factors, strict=True):
        counted += line.amount_micros * (factor if is_part else factor - whole)
    fixed = int(rule.points * max((whole, *factors)))
    found = int(counted) if amount > 0 else ALL_OF_IT
    return Worth(fixed, per_unit, found, points_for(fixed, per_unit, amount, amount, found))


def _concerns(rule: Reward, sku: str, brand: Brand) -> bool:
    if sku in rule.products:
        return True
    product = brand.products.get(sku)
    return product is not None and product.category in rule.categories


def _factor(rule: Reward, sku: str, tier_of: TierOf, brand: Brand) -> Decimal:
    """The largest factor that fits; without one, 1."""
    product, found = brand.products.get(sku) if sku else None, None
    for one in rule.multipliers:
        fits = (
            (one.tier and tier_of() == one.tier)
            or (one.product and one.product == sku)
            or (one.category and product is not None and product.category == one.category)
        )
        if fits and (found is None or one.factor > found):
            found = one.factor
    return ONE if found is None else found
