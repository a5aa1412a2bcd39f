"""The area under the ROC curve and its variance, computed pair by pair."""

from collections.abc import Sequence
from statistics import mean, variance


def area(ones: Sequence[float], zeros: Sequence[float]) -> tuple[float, float]:
    """The area, and DeLong's variance of it."""

    def above(one: float, zero: float) -> float:
        return float(one > zero) + 0.5 * float(one == zero)

    by_one = [mean(above(one, zero) for zero in zeros) for one in ones]
    by_zero = [mean(above(one, zero) for one in ones) for zero in zeros]
    return mean(by_one), variance(by_one) / len(ones) + variance(by_zero) / len(zeros)
