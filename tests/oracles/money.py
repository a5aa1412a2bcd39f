"""The expected row of campaign_value for one campaign and placement, from its definition and scipy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance

from scipy.stats import norm

Estimate = tuple[float | None, float | None, float | None]
"""A value and its 95 % interval; None where it is unknown or unbounded."""
Z = float(norm.ppf(0.975))
UNKNOWN: Estimate = (None, None, None)


@dataclass(frozen=True)
class CampaignValue:
    roi: Estimate
    per_conversion: Estimate
    incremental: Estimate
    per_incremental: Estimate


def campaign_value(
    cost: float, conversions: float, revenue: float, sales: Sequence[float], ratio: Estimate
) -> CampaignValue:
    """:param sales: revenue of each sale of the period. :param ratio: of the rate of buyers among people who were
    answered to that among people who were held out."""
    return CampaignValue(
        _roi(cost, conversions, revenue, sales),
        _per_conversion(cost, conversions),
        incremental := _incremental(conversions, ratio),
        _per_incremental(cost, incremental),
    )


def _roi(cost: float, conversions: float, revenue: float, sales: Sequence[float]) -> Estimate:
    if not cost:
        return UNKNOWN
    roi = (revenue - cost) / cost
    if not conversions or not fmean(sales):
        return roi, None, None
    # Of a compound Poisson sum with n events of mean m and variance v: the mean is n m, the variance n (m² + v).
    mean, variance = fmean(sales), pvariance(sales)
    relative_error = math.sqrt(conversions * (mean**2 + variance)) / (conversions * mean)
    factor = math.exp(Z * relative_error)
    return roi, revenue / factor / cost - 1, revenue * factor / cost - 1


def byar(events: float) -> tuple[float, float]:
    low = events * max(0.0, 1 - 1 / (9 * events) - Z / (3 * math.sqrt(events))) ** 3 if events else 0.0
    more = events + 1
    return low, more * (1 - 1 / (9 * more) + Z / (3 * math.sqrt(more))) ** 3


def _per_conversion(cost: float, conversions: float) -> Estimate:
    if not cost or not conversions:
        return UNKNOWN
    low, high = byar(conversions)
    return cost / conversions, cost / high, cost / low if low else None


def _incremental(conversions: float, ratio: Estimate) -> Estimate:
    value, low, high = (None if one is None else conversions * (one - 1) / one for one in ratio)
    return value, low, high


def _per_incremental(cost: float, incremental: Estimate) -> Estimate:
    value, low, high = incremental
    if not cost or value is None or value <= 0:
        return UNKNOWN
    assert high is not None
    return cost / value, cost / high, cost / low if low is not None and low > 0 else None
