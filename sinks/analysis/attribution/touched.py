"""Paths as arrays: what the predictive model learns from."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

HALF_LIFE_H: Final = 168.0
"""As in the rule-based model time_decay."""
MOST_REPEATS: Final = 10
"""A value that was touched more often counts as so often: one robot must not stretch the scale."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Touched:
    """The touches of some paths, path after path, each in the order of time; every path has at least one.

    :param begins: where each path begins among the touches, and, one more entry, their number.
    :param value: number of each touch's value. :param age_h: hours before the end of the path.
    """

    begins: Ints
    value: Ints
    age_h: Floats

    @property
    def path(self) -> Ints:
        """For each touch the number of its path."""
        return np.repeat(np.arange(len(self.begins) - 1), np.diff(self.begins))

    def of(self, paths: Ints) -> "Touched":
        """Only these paths, in this order; one may come several times."""
        length = (self.begins[1:] - self.begins[:-1])[paths]
        begins = np.concatenate([[0], np.cumsum(length)])
        at = np.arange(begins[-1]) + np.repeat(self.begins[paths] - begins[:-1], length)
        return Touched(begins, self.value[at], self.age_h[at])

    def only(self, kept: NDArray[np.bool_]) -> "Touched":
        """Only these touches; every path keeps at least one."""
        before = np.concatenate([[0], np.cumsum(kept)])
        return Touched(before[self.begins], self.value[kept], self.age_h[kept])


def presences(touched: Touched, values: int) -> tuple[Ints, Ints]:
    """Each path with each of its distinct values, as two arrays in the order of both.

    :param values: how many there are.
    """
    pairs = np.unique(touched.path * values + touched.value)
    return pairs // values, pairs % values


def features(touched: Touched, column: Ints, columns: int) -> Features:
    """What a path looks like before its outcome is known. Shape: paths times (4 columns + 4).

    For each column of values: how often touched, how lately (each touch weighs 2^(-age / 168 hours)), whether first,
    whether last; then touches, distinct columns, hours from first to last touch, hours between the last two. Ages count
    back from the path's own last touch: that a sale comes after its last touch would tell the outcome.

    :param column: for each value the column that stands for it.
    """
    paths = len(touched.begins) - 1
    first, last = touched.begins[:-1], touched.begins[1:] - 1
    path, at = touched.path, column[touched.value]
    age_h = touched.age_h - touched.age_h[last][path]
    cell = path * columns + at

    def spread(weights: Floats | None = None) -> Floats:
        return np.bincount(cell, weights, paths * columns).reshape(paths, columns).astype(np.float64)

    counts = spread()
    every = np.arange(paths)
    is_first, is_last = np.zeros((paths, columns)), np.zeros((paths, columns))
    is_first[every, at[first]] = 1
    is_last[every, at[last]] = 1
    length = np.diff(touched.begins)
    shape = [length, (counts > 0).sum(axis=1), age_h[first], age_h[np.maximum(last - 1, first)]]
    blocks = [
        np.log1p(np.minimum(counts, MOST_REPEATS)),
        np.log1p(np.minimum(spread(np.exp2(-age_h / HALF_LIFE_H)), MOST_REPEATS)),
        is_first,
        is_last,
        np.log1p(np.stack(shape, axis=1)),
    ]
    return np.hstack(blocks).astype(np.float32)
