"""The weights of a sort of records, and what two records score by them."""

import math
from bisect import bisect_right
from itertools import chain
from typing import Final

import msgspec

from schemas.events import Reason
from schemas.likeness.encoding import dice
from schemas.likeness.traits import CONTACT, FIELDS, Traits

LEVELS: Final = (1.0, 0.85, 0.7, 0.55, 0.4, 0.0)
"""Least Dice coefficient of each level of agreement, from the same to something else."""
LIKELY: Final = 0.99
"""Match probability from which two records are told to be of one person; fixed, not tuned on any data."""
MISSING: Final = -1
_RISING: Final = LEVELS[::-1]

Numbers = tuple[int, ...]


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sort was trained to. ``prior`` and ``bits`` are logarithms to base 2: of the odds that any two records are
    of one person, and of how much likelier each level of agreement is between records of one person than of two."""

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
    """How sure it is that two records are of one person: the match probability, and the same in bits with the prior."""

    probability: float
    bits: float
    reasons: tuple[Reason, ...]


def compare(one: Traits, other: Traits) -> tuple[int, ...]:
    """The level of agreement of each field of their sort, ``MISSING`` where one of them does not tell. Symmetric."""
    return compare_numbers(one.sort, numbers(one), numbers(other))


def numbers(traits: Traits) -> Numbers:
    """The filters as numbers in the order of the fields, which is what comparing many pairs wants; 0 for none."""
    filters = traits.filters
    return tuple(int.from_bytes(filters.get(field, b"")) for field in FIELDS[traits.sort])


def compare_numbers(sort: str, one: Numbers, other: Numbers) -> tuple[int, ...]:
    """``compare`` for records of a sort whose numbers are known."""
    if sort == CONTACT and _crossed(one, other):
        crosswise = sorted((_level(one[0], other[1]), _level(one[1], other[0])))
        return (*crosswise, *map(_level, one[2:], other[2:]))
    return tuple(map(_level, one, other))


def score(one: Traits, other: Traits, model: Model) -> Score:
    """What two records of one sort score, in whichever order they are given."""
    reasons = tuple(
        Reason(field, level, model.bits[field][level])
        for field, level in zip(FIELDS[one.sort], compare(one, other), strict=True)
        if level != MISSING and field in model.bits
    )
    bits = model.prior + math.fsum(reason.bits for reason in reasons)
    return Score(probability(bits), bits, reasons)


def probability(bits: float) -> float:
    """Of odds as a logarithm to base 2."""
    return 1 / (1 + math.exp2(min(-bits, 1000.0)))


def _crossed(one: Numbers, other: Numbers) -> bool:
    """Whether the names, which come first, agree better crosswise."""
    if one[0] == other[0] or one[1] == other[1]:
        return False
    return dice(one[0], other[0]) + dice(one[1], other[1]) < dice(one[0], other[1]) + dice(one[1], other[0])


def _level(here: int, there: int) -> int:
    if not here or not there:
        return MISSING
    return len(LEVELS) - bisect_right(_RISING, dice(here, there))
