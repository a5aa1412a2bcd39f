"""Confidence intervals."""

import math


def wilson(part: int, whole: int) -> tuple[float, float]:
    """95 % interval of a share of independent cases: E. B. Wilson, Probable inference, the law of succession, and
    statistical inference (1927)."""
    z = 1.959963984540054
    rate, square = part / whole, z * z / whole
    middle, reach = rate + square / 2, math.sqrt(square * (rate * (1 - rate) + square / 4))
    return max(0.0, (middle - reach) / (1 + square)), min(1.0, (middle + reach) / (1 + square))
