"""Removal effects per path: how far the predicted probability falls when the touches of one value are removed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sinks.analysis.attribution.path_features import PathTouches, distinct_values

BATCH: Final = 20_000
"""Number of paths whose features are in memory at the same time."""

Floats = NDArray[np.float64]
Predict = Callable[[PathTouches], Floats]
"""Probability that each path converts."""


@dataclass(frozen=True, slots=True)
class PathEffects:
    """For each path and each of its distinct values the fall of the probability when the value's touches are removed.

    :param path: numbers of the paths, in order. :param value: numbers of the values. :param drop: may be negative.
    """

    path: NDArray[np.int64]
    value: NDArray[np.int64]
    drop: Floats


def path_effects(touches: PathTouches, values: int, predict: Predict) -> PathEffects:
    """Predicts every path with all touches and without each of its values.

    The probability of a path that would keep no touch falls to 0: it would not exist.

    :param values: how many there are. :param predict: is called with at most ``BATCH`` paths at a time.
    """
    path, value = distinct_values(touches, values)
    paths = len(touches.begins) - 1
    all_paths = np.arange(paths)
    whole = _in_batches(all_paths, lambda part: predict(touches.of(part)))
    drop = whole[path]
    several = np.flatnonzero(np.bincount(path, minlength=paths)[path] > 1)

    def without(part: NDArray[np.int64]) -> Floats:
        copies = touches.of(path[part])
        return predict(copies.only(copies.value != value[part][copies.path]))

    drop[several] -= _in_batches(several, without)
    return PathEffects(path, value, drop)


def shares(effects: PathEffects) -> Floats:
    """The share of its path that each value gets: in proportion to the positive drops, equal where there is none."""
    positive = np.maximum(effects.drop, 0.0)
    whole = np.bincount(effects.path, positive)[effects.path]
    among = np.bincount(effects.path)[effects.path]
    return np.divide(positive, whole, out=1.0 / among, where=whole > 0)


def _in_batches(numbers: NDArray[np.int64], predict: Callable[[NDArray[np.int64]], Floats]) -> Floats:
    parts = [predict(numbers[at : at + BATCH]) for at in range(0, len(numbers), BATCH)]
    return np.concatenate(parts) if parts else np.zeros(0)
