"""Expectation maximisation over patterns of agreement.

W. Winkler, "Using the EM Algorithm for Weight Computation in the Fellegi-Sunter Model of Record Linkage", 1988. Blocked
pairs stand for all pairs of one person (the others are too few to matter) and pairs by chance for those of two. So the
prior and the weights are of all pairs there are, and hold for pairs of whatever block.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from schemas.likeness.model import LEVELS, MISSING
from sinks.analysis.likeness.pairs import Patterns

Array = NDArray[Any]
ROUNDS: Final = 200
STILL: Final = 1e-7
"""Change of every share in one round below which nothing more is learnt."""
SMOOTHING: Final = 0.5
"""Added to each count (Jeffreys): a level that was never seen is unlikely, not impossible."""
RARE: Final = 10
"""Pairs at a level that halve its weight: what was hardly ever seen proves little."""
FIRST_GUESS: Final = 0.9
"""Of the pairs of one person that agree in a field, where the search begins."""


@dataclass(frozen=True, slots=True)
class Fit:
    """``prior`` and ``bits`` (a row a field, a column a level) as in ``schemas.likeness.model.Model``."""

    prior: float
    bits: Array


def fit(blocked: Patterns, by_chance: Patterns, all_pairs: int) -> Fit:
    """:param all_pairs: how many pairs the records make."""
    likely, found = _table(blocked)
    chance, drawn = _table(by_chance)
    same = np.full((likely.shape[1], len(LEVELS)), (1 - FIRST_GUESS) / (len(LEVELS) - 1))
    same[:, 0] = FIRST_GUESS
    of_two = _counts(chance, drawn)
    other = _shares(of_two)
    matches = min(float(found.sum()), all_pairs / 2)
    for _ in range(ROUNDS):
        prior, bits = _odds(matches, all_pairs), np.log2(same) - np.log2(other)
        expected = found * _probability(prior + _sum(bits, likely))
        of_one = _counts(likely, expected)
        of_two = _counts(chance, drawn * (1 - _probability(prior + _sum(bits, chance))))
        before, same, other, matches = same, _shares(of_one), _shares(of_two), float(expected.sum())
        if np.abs(same - before).max() < STILL:
            break
    seen = of_one + of_two
    return Fit(_odds(matches, all_pairs), (np.log2(same) - np.log2(other)) * seen / (seen + RARE))


def _table(patterns: Patterns) -> tuple[Array, Array]:
    # Sorted, so that the sums come out the same to the last bit.
    levels, counts = zip(*sorted(patterns.items()), strict=True)
    return np.array(levels, dtype=np.int64), np.array(counts, dtype=np.float64)


def _counts(levels: Array, weights: Array) -> Array:
    """How many pairs are at each level, field by field; those that do not tell are left out."""
    counts = np.zeros((levels.shape[1], len(LEVELS)))
    for field, column in enumerate(levels.T):
        told = column != MISSING
        np.add.at(counts[field], column[told], weights[told])
    return counts


def _shares(counts: Array) -> Array:
    smoothed = counts + SMOOTHING
    shares: Array = smoothed / smoothed.sum(axis=1, keepdims=True)
    return shares


def _sum(bits: Array, levels: Array) -> Array:
    """What each pattern weighs in bits."""
    per_field = np.take_along_axis(bits, np.maximum(levels, 0).T, axis=1).T
    total: Array = np.where(levels == MISSING, 0.0, per_field).sum(axis=1)
    return total


def _probability(bits: Array) -> Array:
    probability: Array = 1 / (1 + np.exp2(np.minimum(-bits, 1000.0)))
    return probability


def _odds(matches: float, all_pairs: int) -> float:
    return math.log2(max(matches, SMOOTHING) / (all_pairs - matches))
