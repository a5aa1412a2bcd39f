"""Attribution by a Markov chain: for each removed value a new dense matrix is built and solved."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

Path = tuple[tuple[str, ...], bool]
"""The values in their order, and whether the path converts."""
Counts = Mapping[tuple[str, ...], Counter[tuple[str, ...] | bool]]
"""For each state its successors, another state or the outcome, with their number."""


def base_and_effects(paths: Mapping[Path, int], order: int) -> tuple[float, dict[str, float]]:
    """Probability of a conversion, and the share of it that each value's removal costs.

    :param paths: each with its number of occurrences.
    """
    counted = count(paths, order)
    base = conversion(counted, removed=None)
    values = sorted({value for steps, _ in paths for value in steps})
    return base, {value: 1 - conversion(counted, removed=value) / base for value in values}


def count(paths: Mapping[Path, int], order: int) -> Counts:
    counted: dict[tuple[str, ...], Counter[tuple[str, ...] | bool]] = {}
    for (steps, converted), times in paths.items():
        for n in range(len(steps) + 1):
            state = steps[max(0, n - order) : n]
            then = steps[max(0, n + 1 - order) : n + 1] if n < len(steps) else converted
            counted.setdefault(state, Counter())[then] += times
    return counted


def conversion(counted: Counts, removed: str | None) -> float:
    """Probability that a walk converts when every walk that reaches ``removed`` ends without a conversion."""
    places = {state: place for place, state in enumerate(counted)}
    inside, sells = np.zeros((len(places), len(places))), np.zeros(len(places))
    for row, nexts in enumerate(counted.values()):
        for then, times in nexts.items():
            if isinstance(then, tuple):
                inside[row, places[then]] = 0 if then[-1] == removed else times / nexts.total()
            elif then:
                sells[row] = times / nexts.total()
    return float(np.linalg.solve(np.eye(len(places)) - inside, sells)[places[()]])
