"""Figures and names formatted for people."""

import math
from collections.abc import Iterable
from typing import Final

UNIT_SEPARATOR: Final = "\x1f"
"""Joins two values to one in the store, e.g. campaign and placement."""
NO_VALUE: Final = "(none)"


def printable(text: str) -> str:
    """Text of the store without characters that break or reverse a line: control and direction characters are
    replaced."""
    joined = text.replace(UNIT_SEPARATOR, " / ")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in joined)


def label(value: str) -> str:
    """A value of a dimension; an empty one becomes NO_VALUE."""
    parts = [part or NO_VALUE for part in value.split(" / ")]
    return NO_VALUE if set(parts) == {NO_VALUE} else " / ".join(parts)


def count(number: float) -> str:
    """A whole number, with commas; credits are rounded to it."""
    return f"{number:,.0f}"


def credits(number: float) -> str:
    """Credited conversions, which need not be whole."""
    return f"{number:,.1f}" if number < 100 else count(number)


def share(part: float) -> str:
    """A share as percent with one decimal, with more where it is small."""
    if part == 0 or not math.isfinite(part):
        return "0 %" if part == 0 else "unknown"
    if part == 1:
        return "100 %"
    digits = 1 if abs(part) >= 0.001 else min(6, 1 - math.floor(math.log10(abs(part) * 100)))
    return f"{part * 100:.{digits}f} %"


def money(amount: float) -> str:
    """An amount in the brand's currency."""
    return f"{amount:,.2f}"


def hours(age: float) -> str:
    """A time span in the largest unit that fits."""
    for size, unit in ((24 * 14, 24 * 7), (48, 24), (1, 1)):
        if age >= size:
            return f"{age / unit:.1f} {'weeks' if unit == 168 else 'days' if unit == 24 else 'hours'}"
    return f"{age * 60:.0f} minutes"


def plural(number: int, noun: str, nouns: str = "") -> str:
    """A number with its noun: 1 path, 2 paths."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {nouns or noun + 's'}"


def interval_text(low: float | None, high: float | None) -> str:
    """A 95 % interval of a share as text, or that it is unknown."""
    return "interval unknown" if low is None or high is None else f"{low * 100:.1f} to {high * 100:.1f} %"


def join_words(words: Iterable[str]) -> str:
    """Words as an enumeration: a, b and c."""
    *firsts, last = [*words]
    return f"{', '.join(firsts)} and {last}" if firsts else last
