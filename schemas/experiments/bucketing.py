"""Where somebody falls between 0 and 1, and which variant is there: the public rules of GrowthBook's SDKs (spec 0.8.0),
so that whoever knows a salt and an id can compute the same elsewhere. Its vectors are in tests/schemas/experiments."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

Range = tuple[float, float]
"""From the first number on, up to the second, which is not in it."""
HASH_VERSION: Final = 2
"""Of variants. Version 1 knows a thousand places only, and is what layers are drawn by."""
_PRIME: Final = 0x01000193
_START: Final = 0x811C9DC5
_ALMOST_ONE: Final = 0.01


def fnv32a(text: str) -> int:
    """FNV-1a of 32 bits over the code points of a text (draft-eastlake-fnv, section 2)."""
    value = _START
    # Ids and salts hardly ever have other characters, and bytes are numbers already.
    for code in text.encode() if text.isascii() else map(ord, text):
        value = ((value ^ code) * _PRIME) & 0xFFFFFFFF
    return value


@lru_cache(maxsize=4096)
def bucket_of(seed: str, value: str, version: int = HASH_VERSION) -> float | None:
    """A number from 0 to below 1, in steps of 0.0001 (version 1: 0.001); None for a version that does not exist.
    Remembered for a while: of one scan all experiments of a layer ask for the same."""
    if version == 2:
        return fnv32a(str(fnv32a(seed + value))) % 10_000 / 10_000
    return fnv32a(value + seed) % 1000 / 1000 if version == 1 else None


def equal_weights(count: int) -> tuple[float, ...]:
    """The same share for each of so many variants."""
    return (1 / count,) * count if count > 0 else ()


def bucket_ranges(count: int, coverage: float, weights: Sequence[float] = ()) -> tuple[Range, ...]:
    """The range of each variant. With less coverage each gets shorter at its end, so nobody who is in moves.

    :param coverage: the share that takes part; below 0 is 0, above 1 is 1. :param weights: their sum is 1; others are
    taken for equal ones.
    """
    share = min(1.0, max(0.0, coverage))
    if len(weights) != count or abs(sum(weights) - 1) > _ALMOST_ONE:
        weights = equal_weights(count)
    found, begins = [], 0.0
    for weight in weights:
        found.append((begins, begins + share * weight))
        begins += weight
    return tuple(found)


def chosen(bucket: float, ranges: Sequence[Range]) -> int:
    """The number of the first range that the bucket is in; -1 for none."""
    return next((number for number, (begins, ends) in enumerate(ranges) if begins <= bucket < ends), -1)


def is_in_layer(value: str, layer: str, share: Range) -> bool:
    """Whether somebody is in a part of a layer. Parts that do not overlap have no person in common, and what is in one
    of them changes nothing in another."""
    bucket = bucket_of(f"__{layer}", value, version=1)
    return bucket is not None and share[0] <= bucket < share[1]
