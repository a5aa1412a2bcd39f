"""95 % intervals independent of the store's SQL: from scipy where it has them, else by published formulas."""

from collections.abc import Sequence
from functools import cache

from scipy import stats

Interval = tuple[float, float]


@cache
def wilson(successes: int, n: int) -> Interval:
    """Of one rate."""
    found = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def newcombe(successes: int, n: int, other_successes: int, other_n: int) -> Interval:
    """Of the difference of two rates: the square-and-add of both Wilson intervals."""
    rate, other = successes / n, other_successes / other_n
    (low, high), (other_low, other_high) = wilson(successes, n), wilson(other_successes, other_n)
    below = ((rate - low) ** 2 + (other_high - other) ** 2) ** 0.5
    above = ((high - rate) ** 2 + (other - other_low) ** 2) ** 0.5
    return rate - other - below, rate - other + above


def katz(successes: int, n: int, other_successes: int, other_n: int) -> Interval:
    """Of the ratio of two rates."""
    found = stats.contingency.relative_risk(successes, n, other_successes, other_n).confidence_interval(0.95)
    return float(found.low), float(found.high)


def welch(values: Sequence[float], others: Sequence[float]) -> Interval:
    """Of the difference of two means."""
    found = stats.ttest_ind(values, others, equal_var=False).confidence_interval(0.95)
    return float(found.low), float(found.high)


def garwood(events: float) -> Interval:
    """Of the mean of a Poisson count, exactly (Garwood, Fiducial limits for the Poisson distribution, 1936)."""
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    return float(low), float(stats.chi2.ppf(0.975, 2 * events + 2) / 2)
