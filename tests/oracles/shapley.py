"""Shapley values from the definition: every value's contribution to every coalition of the others."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import comb

Path = tuple[tuple[str, ...], bool]
Worth = Callable[[frozenset[str]], float]


def shapley(values: Sequence[str], worth: Worth) -> dict[str, float]:
    """Mean contribution over all coalitions of each size, and over all sizes."""
    known = {
        coalition: worth(coalition)
        for size in range(len(values) + 1)
        for coalition in map(frozenset, combinations(sorted(values), size))
    }
    found = {}
    for value in values:
        others = [one for one in values if one != value]
        total = 0.0
        for size in range(len(values)):
            gains = [
                known[coalition | {value}] - known[coalition]
                for coalition in map(frozenset, combinations(others, size))
            ]
            total += sum(gains) / comb(len(others), size)
        found[value] = total / len(values)
    return found


def worth_of(paths: Mapping[Path, int], rate: bool) -> Worth:
    """Conversions, or the conversion rate, of the paths whose values all lie in a coalition.

    :param paths: each with its number of occurrences.
    """
    seen: dict[frozenset[str], list[int]] = {}
    for (steps, converted), times in paths.items():
        counts = seen.setdefault(frozenset(steps), [0, 0])
        counts[0] += times
        counts[1] += times * converted

    def worth(coalition: frozenset[str]) -> float:
        inside = [counts for values, counts in seen.items() if values <= coalition]
        n, sold = sum(counts[0] for counts in inside), sum(counts[1] for counts in inside)
        return (sold / n if n else 0.0) if rate else float(sold)

    return worth
