"""What a classifier's own "what if nobody had been touched by this value" makes of every path."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sinks.analysis.attribution.touched import Touched, presences

BATCH: Final = 20_000
"""Paths whose features are held at once."""

Floats = NDArray[np.float64]
Judge = Callable[[Touched], Floats]
"""Probability that each path converts."""


@dataclass(frozen=True, slots=True)
class Drops:
    """For each path and each of its distinct values the fall of the probability when the value's touches are taken out.

    :param path: numbers of the paths, in order. :param value: numbers of the values. :param drop: may be negative.
    """

    path: NDArray[np.int64]
    value: NDArray[np.int64]
    drop: Floats


def drops(touched: Touched, values: int, judge: Judge) -> Drops:
    """A path that would keep no touch would not be there at all: its probability falls to 0."""
    path, value = presences(touched, values)
    paths = len(touched.begins) - 1
    everyone = np.arange(paths)
    whole = _in_batches(everyone, lambda part: judge(touched.of(part)))
    drop = whole[path]
    several = np.flatnonzero(np.bincount(path, minlength=paths)[path] > 1)

    def without(part: NDArray[np.int64]) -> Floats:
        twins = touched.of(path[part])
        return judge(twins.only(twins.value != value[part][twins.path]))

    drop[several] -= _in_batches(several, without)
    return Drops(path, value, drop)


def shares(found: Drops) -> Floats:
    """Which part of its path each value of it gets: in proportion to the drops above 0, equal parts where none is."""
    positive = np.maximum(found.drop, 0.0)
    whole = np.bincount(found.path, positive)[found.path]
    among = np.bincount(found.path)[found.path]
    return np.divide(positive, whole, out=1.0 / among, where=whole > 0)


def _in_batches(numbers: NDArray[np.int64], judge: Callable[[NDArray[np.int64]], Floats]) -> Floats:
    parts = [judge(numbers[at : at + BATCH]) for at in range(0, len(numbers), BATCH)]
    return np.concatenate(parts) if parts else np.zeros(0)
