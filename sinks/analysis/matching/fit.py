"""Expectation maximisation over patterns of agreement.

W. Winkler, "Using the EM Algorithm for Weight Computation in the Fellegi-Sunter Model of Record Linkage", 1988. Blocked
pairs stand for all pairs of one person (the others are too few to matter), random pairs for those of two people. So the
prior and the weights are those of all pairs, and hold for the pairs of any block.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from schemas.matching.model import LEVELS, MISSING
from sinks.analysis.matching.pairs import Patterns

Array = NDArray[Any]
MAX_ITERATIONS: Final = 200
TOLERANCE: Final = 1e-7
"""Largest change of a share in one iteration at which the search has converged."""
SMOOTHING: Final = 0.5
"""Added to each count (Jeffreys prior): a level that was never seen is unlikely, not impossible."""
RARE: Final = 10
"""Pairs at a level that halve its weight: a level with few pairs is weak evidence."""
FIRST_GUESS: Final = 0.9
"""Start of the search: the share of one person's pairs that agree in a field."""


@dataclass(frozen=True, slots=True)
class Fit:
    """``prior`` and ``bits`` (a row for each field, a column for each level) as in ``schemas.matching.model.Model``."""

    prior: float
    bits: Array


def fit(blocked: Patterns, random: Patterns, all_pairs: int) -> Fit:
    """The weights that explain the patterns best.

    :param blocked: patterns of pairs that share a block. :param random: patterns of random pairs.
    :param all_pairs: the number of pairs of all records.
    """
    blocked_levels, blocked_counts = _table(blocked)
    random_levels, random_counts = _table(random)
    same = np.full((blocked_levels.shape[1], len(LEVELS)), (1 - FIRST_GUESS) / (len(LEVELS) - 1))
    same[:, 0] = FIRST_GUESS
    of_two = _counts(random_levels, random_counts)
    different = _shares(of_two)
    matches = min(float(blocked_counts.sum()), all_pairs / 2)
    for _ in range(MAX_ITERATIONS):
        prior, bits = _odds(matches, all_pairs), np.log2(same) - np.log2(different)
        expected = blocked_counts * _probability(prior + _sum(bits, blocked_levels))
        of_one = _counts(blocked_levels, expected)
        of_two = _counts(random_levels, random_counts * (1 - _probability(prior + _sum(bits, random_levels))))
        before, same, different, matches = same, _shares(of_one), _shares(of_two), float(expected.sum())
        if np.abs(same - before).max() < TOLERANCE:
            break
    seen = of_one + of_two
    return Fit(_odds(matches, all_pairs), (np.log2(same) - np.log2(different)) * seen / (seen + RARE))


def _table(patterns: Patterns) -> tuple[Array, Array]:
    # Sorted, so that floating-point sums are reproducible to the last bit.
    levels, counts = zip(*sorted(patterns.items()), strict=True)
    return np.array(levels, dtype=np.int64), np.array(counts, dtype=np.float64)


def _counts(levels: Array, weights: Array) -> Array:
    """The weight of pairs at each level, by field; pairs that lack the field are left out."""
    counts = np.zeros((levels.shape[1], len(LEVELS)))
    for field, column in enumerate(levels.T):
        present = column != MISSING
        np.add.at(counts[field], column[present], weights[present])
    return counts


def _shares(counts: Array) -> Array:
    smoothed = counts + SMOOTHING
    shares: Array = smoothed / smoothed.sum(axis=1, keepdims=True)
    return shares


def _sum(bits: Array, levels: Array) -> Array:
    """The weight of each pattern in bits."""
    per_field = np.take_along_axis(bits, np.maximum(levels, 0).T, axis=1).T
    total: Array = np.where(levels == MISSING, 0.0, per_field).sum(axis=1)
    return total


def _probability(bits: Array) -> Array:
    probability: Array = 1 / (1 + np.exp2(np.minimum(-bits, 1000.0)))
    return probability


def _odds(matches: float, all_pairs: int) -> float:
    return math.log2(max(matches, SMOOTHING) / (all_pairs - matches))
