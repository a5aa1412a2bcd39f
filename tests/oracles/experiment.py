"""The figures of an experiment independent of the store's SQL: from lists of people, with numpy and scipy.

Differences have asymptotic confidence sequences: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform central
limit theory and asymptotic confidence sequences, Annals of Statistics 52 (2024), theorem 2.2, with rho tuned as there
for NARROWEST_AT people.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

NARROWEST_AT = 5_000
PEOPLE_NEEDED = 100
Numbers = NDArray[np.float64]


def width(people: Numbers, alpha: float) -> Numbers:
    """How many standard errors the interval reaches to each side, at so many people of both arms."""
    said = -2 * np.log(alpha)
    scaled = people * (said + np.log(said + 1)) / NARROWEST_AT
    return np.asarray(np.sqrt(2 * (scaled + 1) / scaled * np.log(np.sqrt(scaled + 1) / alpha)))


def variance(
    n: Numbers, total: Numbers, squares: Numbers, m: Numbers, other: Numbers, other_squares: Numbers
) -> Numbers:
    """Of the difference of two means, by the sums of both arms: Welch's or the pooled one, whichever is larger. The
    pooled one keeps a small arm in which nothing has happened yet from looking certain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        welch = (squares - total**2 / n) / (n - 1) / n + (other_squares - other**2 / m) / (m - 1) / m
        pooled = (squares + other_squares - (total + other) ** 2 / (n + m)) / (n + m - 1) * (1 / n + 1 / m)
    return np.maximum(np.maximum(welch, pooled), 0)


def difference(arm: Sequence[float], control: Sequence[float], arms: int) -> tuple[float, float, float] | None:
    """The difference of the means and its ends, of one of so many arms; None while it is too early."""
    if min(len(arm), len(control)) < PEOPLE_NEEDED:
        return None
    mine, others = np.asarray(arm, float), np.asarray(control, float)
    found = mine.mean() - others.mean()
    welch = mine.var(ddof=1) / len(mine) + others.var(ddof=1) / len(others)
    pooled = np.concatenate([mine, others]).var(ddof=1) * (1 / len(mine) + 1 / len(others))
    half = max(welch, pooled) ** 0.5 * float(width(np.asarray(len(mine) + len(others), float), 0.05 / (arms - 1)))
    return float(found), float(found - half), float(found + half)


def sample_ratio_p(drawn: Sequence[int], shares: Sequence[float]) -> float | None:
    """Pearson's chi-squared test; None where a variant is expected fewer than five times."""
    expected = [sum(drawn) * share for share in shares]
    return None if min(expected) < 5 else float(stats.chisquare(drawn, expected).pvalue)


def ever_wrong(outcomes: Numbers, arm: NDArray[np.bool_], every: int, alpha: float = 0.05) -> tuple[bool, bool]:
    """Whether somebody who looks after every so many people ever sees a difference between two arms that have none:
    by the interval of this file, and by the usual one of 95 %, for comparison."""
    looks = np.arange(every - 1, len(outcomes), every)
    in_arm = arm.astype(float)

    def sums(values: Numbers) -> Numbers:
        return np.asarray(np.cumsum(values)[looks])

    n, m = sums(in_arm), sums(1 - in_arm)
    mine = sums(outcomes * in_arm), sums(outcomes**2 * in_arm)
    others = sums(outcomes * (1 - in_arm)), sums(outcomes**2 * (1 - in_arm))
    spread = np.sqrt(variance(n, *mine, m, *others))
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(mine[0] / n - others[0] / m)
    counts = (n >= PEOPLE_NEEDED) & (m >= PEOPLE_NEEDED)
    usual = stats.norm.ppf(1 - alpha / 2)
    return bool((counts & (apart > spread * width(n + m, alpha))).any()), bool(
        (counts & (apart > spread * usual)).any()
    )
