"""Attribution by Shapley values: each value gets its mean contribution over all orders in which values could join.

Method: Shapley, "A value for n-person games" (1953). With v(S) = conversions of the paths whose values all lie in S, a
path gives its conversion in equal parts to its distinct values, which needs no enumeration (Zhao, Mahboobi and Bagheri,
"Shapley value methods for attribution modeling in online advertising", 2018). With v(S) = their conversion *rate* there
is no such shortcut, and all subsets are enumerated.
"""

from collections.abc import Sequence
from math import factorial
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_VALUES: Final = 16
"""With 16 values there are 65,536 coalitions; each one more doubles them."""

ROUNDING: Final = 1e-12
"""A value closer to zero counts as zero: rounding must not make a value that adds nothing negative."""

Floats = NDArray[np.float64]


def rate_values(masks: Sequence[int], paths: Sequence[int], conversions: Sequence[int], values: int) -> Floats:
    """Shapley values of the game whose worth of a coalition is the conversion rate of the paths within it.

    :param masks: for each group of paths the set of its distinct values, value i as bit i, each set once.
    :param paths: how many there are of each. :param conversions: how many of these convert.
    :param values: how many values there are, at most ``MAX_VALUES``.
    :returns: one value each, negative where a value goes with fewer conversions; their sum is the rate of all paths.
    """
    coalitions = np.arange(1 << values)
    seen, sold = np.zeros(len(coalitions)), np.zeros(len(coalitions))
    seen[list(masks)] = paths
    sold[list(masks)] = conversions
    for value in range(values):
        # After this each entry sums over the subsets that differ in the first value + 1 bits.
        having = coalitions[(coalitions >> value) & 1 == 1]
        seen[having] += seen[having ^ (1 << value)]
        sold[having] += sold[having ^ (1 << value)]
    worth = np.divide(sold, seen, out=np.zeros(len(coalitions)), where=seen > 0)
    sizes = np.array([size.bit_count() for size in range(1 << values)])
    weights = np.array(
        [factorial(size) * factorial(values - size - 1) / factorial(values) for size in range(values)] + [0.0]
    )
    result = np.zeros(values)
    for value in range(values):
        without = coalitions[(coalitions >> value) & 1 == 0]
        result[value] = np.sum(weights[sizes[without]] * (worth[without | (1 << value)] - worth[without]))
    result[np.abs(result) < ROUNDING] = 0.0
    return result
