"""A Fellegi-Sunter model: the weights of a record type, and the score of two records.

I. Fellegi and A. Sunter, "A Theory for Record Linkage", JASA 64, 1969, over traits that are compared in encoded form:
the gateway encodes, the processor ``matching`` scores, ``sinks/analysis/matching/`` trains.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping
from itertools import chain
from typing import Final

import msgspec

from schemas.events import Reason
from schemas.matching.encoding import dice
from schemas.matching.traits import CONTACT, FIELDS, GENERATIONS, Traits

LEVELS: Final = (1.0, 0.85, 0.7, 0.55, 0.4, 0.0)
"""Least Dice coefficient of each level of agreement, from equal to different."""
LIKELY: Final = 0.99
"""Match probability from which a soft link is published; fixed, not tuned on any data."""
MISSING: Final = -1
CONTRADICTION_BITS: Final = -100.0
"""Weight of a contradiction: more than all fields of a contact that agree."""
OTHER_NAME: Final = 4
"""Level of agreement from which two given names are two names, and not one that was mistyped."""
_ASCENDING: Final = LEVELS[::-1]

Numbers = tuple[int, ...]
"""Filters as numbers, in the order of the fields of their record type; 0 for a missing one."""


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The weights of one record type. ``prior`` and ``bits`` are logarithms to base 2: of the odds that any two records
    are of one person, and of how much likelier each level of agreement is between records of one person than of two."""

    version: str
    prior: float
    bits: dict[str, tuple[float, ...]]

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.prior, *chain(*self.bits.values())))):
            raise ValueError("weights must be finite")
        for field, levels in self.bits.items():
            if len(levels) != len(LEVELS):
                raise ValueError(f"{field} must have {len(LEVELS)} levels")


class Score(msgspec.Struct, frozen=True, gc=False):
    """The probability that two records are of one person, and the same in bits with the prior."""

    probability: float
    bits: float
    reasons: tuple[Reason, ...]


def compare(one: Traits, other: Traits) -> tuple[int, ...]:
    """The level of agreement of each field of their record type, ``MISSING`` where one of them lacks it. Symmetric."""
    return compare_numbers(one.record_type, numbers(one), numbers(other))


def numbers(traits: Traits) -> Numbers:
    """The filters as numbers: made once where a record is compared with many."""
    filters = traits.filters
    return tuple(int.from_bytes(filters.get(field, b"")) for field in FIELDS[traits.record_type])


def compare_numbers(record_type: str, one: Numbers, other: Numbers) -> tuple[int, ...]:
    """``compare`` for two records of one type whose numbers are known."""
    if record_type == CONTACT and _names_swapped(one, other):
        swapped = sorted((_level(one[0], other[1]), _level(one[1], other[0])))
        return (*swapped, *map(_level, one[2:], other[2:]))
    return tuple(map(_level, one, other))


def score(one: Traits, other: Traits, model: Model) -> Score:
    """The score of two records of one type, in either order. What contradicts that they are of one person counts more
    than everything that agrees."""
    levels = dict(zip(FIELDS[one.record_type], compare(one, other), strict=True))
    against = contradictions(one, other, levels)
    reasons = tuple(
        Reason(field, level, CONTRADICTION_BITS if field in against else model.bits[field][level])
        for field, level in levels.items()
        if level != MISSING and (field in model.bits or field in against)
    )
    bits = model.prior + math.fsum(reason.bits for reason in reasons)
    return Score(probability(bits), bits, reasons)


def contradictions(one: Traits, other: Traits, levels: Mapping[str, int]) -> frozenset[str]:
    """The fields of two contacts in which nobody agrees with oneself: another given name, a date of birth decades
    apart. Twins, spouses, fathers and sons agree in all others. An equal national id is stronger.

    :param levels: as ``compare`` has them.
    """
    if levels.get("national_id") == 0:
        return frozenset()
    found = {"given_name"} if levels.get("given_name", MISSING) >= OTHER_NAME else set()
    spans = [(one.filters.get(name), other.filters.get(name)) for name in GENERATIONS]
    if all(first and second and first != second for first, second in spans):
        found.add("birth_date")
    return frozenset(found)


def probability(bits: float) -> float:
    """The probability of odds that are given as a logarithm to base 2."""
    return 1 / (1 + math.exp2(min(-bits, 1000.0)))


def _names_swapped(one: Numbers, other: Numbers) -> bool:
    """Whether given and family name, the first two fields, agree better crosswise."""
    if one[0] == other[0] or one[1] == other[1]:
        return False
    return dice(one[0], other[0]) + dice(one[1], other[1]) < dice(one[0], other[1]) + dice(one[1], other[0])


def _level(one: int, other: int) -> int:
    if not one or not other:
        return MISSING
    return len(LEVELS) - bisect_right(_ASCENDING, dice(one, other))
