"""Paths as arrays, and their features for the predictive model."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

HALF_LIFE_H: Final = 168.0
"""As in the rule-based model time_decay."""
MAX_REPEATS: Final = 10
"""A larger number of touches by one value counts as this one: a single robot must not stretch the scale."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PathTouches:
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

    def of(self, paths: Ints) -> "PathTouches":
        """Only these paths, in this order; one may come several times."""
        length = (self.begins[1:] - self.begins[:-1])[paths]
        begins = np.concatenate([[0], np.cumsum(length)])
        at = np.arange(begins[-1]) + np.repeat(self.begins[paths] - begins[:-1], length)
        return PathTouches(begins, self.value[at], self.age_h[at])

    def only(self, kept: NDArray[np.bool_]) -> "PathTouches":
        """Only these touches; every path keeps at least one."""
        before = np.concatenate([[0], np.cumsum(kept)])
        return PathTouches(before[self.begins], self.value[kept], self.age_h[kept])


def distinct_values(touches: PathTouches, values: int) -> tuple[Ints, Ints]:
    """Each path with each of its distinct values, as two arrays in the order of both.

    :param values: how many there are.
    """
    pairs = np.unique(touches.path * values + touches.value)
    return pairs // values, pairs % values


def features(touches: PathTouches, column: Ints, columns: int) -> Features:
    """Features of each path that are known before its outcome. Shape: paths times (4 columns + 4).

    For each column of values: number of touches, recency (each touch weighs 2^(-age / 168 hours)), whether first,
    whether last; then touches, distinct columns, hours from first to last touch, hours between the last two. Ages count
    back from the path's last touch: the time from there to a sale would reveal the outcome.

    :param column: for each value the column that stands for it.
    """
    paths = len(touches.begins) - 1
    first, last = touches.begins[:-1], touches.begins[1:] - 1
    path, at = touches.path, column[touches.value]
    age_h = touches.age_h - touches.age_h[last][path]
    cell = path * columns + at

    def per_cell(weights: Floats | None = None) -> Floats:
        return np.bincount(cell, weights, paths * columns).reshape(paths, columns).astype(np.float64)

    counts = per_cell()
    row = np.arange(paths)
    is_first, is_last = np.zeros((paths, columns)), np.zeros((paths, columns))
    is_first[row, at[first]] = 1
    is_last[row, at[last]] = 1
    length = np.diff(touches.begins)
    shape = [length, (counts > 0).sum(axis=1), age_h[first], age_h[np.maximum(last - 1, first)]]
    blocks = [
        np.log1p(np.minimum(counts, MAX_REPEATS)),
        np.log1p(np.minimum(per_cell(np.exp2(-age_h / HALF_LIFE_H)), MAX_REPEATS)),
        is_first,
        is_last,
        np.log1p(np.stack(shape, axis=1)),
    ]
    return np.hstack(blocks).astype(np.float32)
