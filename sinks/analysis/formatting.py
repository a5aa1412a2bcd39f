"""Figures and names formatted for people. What is printed is true of the figure: no share is 0 or 100 % by rounding."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

from schemas.currencies import MINOR_UNITS

UNIT_SEPARATOR: Final = "\x1f"
"""Joins two values to one in the store, e.g. campaign and placement."""
PAIR: Final = " / "
"""The same on a page."""
NO_VALUE: Final = "(none)"
OTHER: Final = "all others"
NO_TOUCH: Final = "(no touch)"
STEP: Final = " › "
"""Between the steps of a path."""
NOBODY_ELSES: Final = frozenset({NO_VALUE, OTHER, NO_TOUCH})
"""Labels that stand for something else than a name; a name that reads like one is quoted."""
NOISE: Final = 5e-10
"""A share that is nearer to 0 or 1 is there but for the rounding of sums."""
EXACT_CENTS: Final = 1e13
"""Larger amounts are printed in whole units: a float no longer holds their cents."""
NAMED: Final = 3
"""Maximum number of equals that are named in a sentence."""


def printable(text: str) -> str:
    """Text of the store without characters that break or reverse a line: control and direction characters are
    replaced."""
    joined = text.replace(UNIT_SEPARATOR, PAIR)
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in joined)


def label(value: str) -> str:
    """A value of a dimension; an empty one becomes NO_VALUE, also at either end of a pair (names have no blanks around
    them). A name that reads like one of NOBODY_ELSES is quoted."""
    text = printable(value)
    if text in ("", PAIR):
        return NO_VALUE
    if text in NOBODY_ELSES:
        return f"“{text}”"
    return NO_VALUE * text.startswith(PAIR) + text + NO_VALUE * text.endswith(PAIR)


def count(number: float) -> str:
    """A whole number, with commas; credits are rounded to it."""
    return f"{number:,.0f}"


def credits(number: float) -> str:
    """Credited conversions, which need not be whole."""
    return f"{number:,.1f}" if number < 100 else count(number)


def share(part: float, *beside: float) -> str:
    """A share as percent with one decimal, with more where it is close to nothing or to everything.

    :param beside: shares that are printed with it, such as the ends of its interval: all have the same decimals.
    """
    if not math.isfinite(part):
        return "unknown"
    return f"{_percent(part, max(map(_digits, (part, *beside))))} %"


def share_in(part: float, low: float | None, high: float | None) -> str:
    """A share with its 95 % interval in brackets, which contains it as printed, too."""
    if low is None or high is None:
        return f"{share(part)} (interval unknown)"
    return f"{share(part, low, high)} ({interval_text(low, high, part)})"


def interval_text(low: float | None, high: float | None, *beside: float) -> str:
    """A 95 % interval of a share as text, or that it is unknown."""
    if low is None or high is None:
        return "interval unknown"
    digits = max(map(_digits, (low, high, *beside)))
    return f"{low * 100:.{digits}f} to {high * 100:.{digits}f} %"


def _percent(part: float, digits: int) -> str:
    if abs(part) < NOISE:
        return "0"
    return "100" if abs(part - 1) < NOISE else f"{part * 100:,.{digits}f}"


def _digits(part: float) -> int:
    """Decimals of a percentage by which the share differs from 0 and 100 %, unless it is there."""
    distance = min(abs(part), abs(1 - part))
    return 1 if distance >= 0.001 or distance < NOISE else 1 - math.floor(math.log10(distance * 100) + 1e-6)


def percent_change(change: float) -> str:
    """A change as percent with its sign, in whole percents unless it is small: +180 %, -0.4 %, 0 %."""
    if abs(change) < NOISE:
        return "0 %"
    digits = 0 if abs(change) >= 0.1 else max(1, _digits(change))
    return f"{change * 100:+,.{digits}f} %"


def money(amount: float, currency: str) -> str:
    """An amount with the code of its currency, in its minor units; without a code where no brand names one."""
    digits = MINOR_UNITS.get(currency, 2) if abs(amount) < EXACT_CENTS else 0
    text = f"{amount:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return f"{text} {currency}".rstrip()


def hours(age: float) -> str:
    """A time span in the largest unit that fits, rounded up: what took so long took no longer than that."""
    for size, unit, noun in ((24 * 14, 24 * 7, "week"), (48, 24, "day"), (1, 1, "hour")):
        if age >= size:
            value = math.ceil(age / unit * 10 - 1e-6) / 10
            return f"1 {noun}" if value == 1 else f"{value:,.1f} {noun}s"
    minutes = max(1, math.ceil(age * 60 - 1e-6))
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def plural(number: float, noun: str, nouns: str = "") -> str:
    """A whole number with its noun: 1 path, 2 paths."""
    text = count(number)
    return f"{text} {noun}" if text == "1" else f"{text} {nouns or noun + 's'}"


def join_words(words: Iterable[str]) -> str:
    """Words as an enumeration: a, b and c."""
    *firsts, last = [*words]
    return f"{', '.join(firsts)} and {last}" if firsts else last


def leaders(totals: Mapping[str, float]) -> list[str]:
    """The names with the largest total, in order; several when they are equal but for the rounding of sums."""
    most = max(totals.values(), default=0.0)
    return sorted(name for name, total in totals.items() if math.isclose(total, most, rel_tol=1e-9, abs_tol=1e-12))


def names(values: Iterable[str], of: int = 0) -> str:
    """Names as an enumeration; beyond NAMED the rest is counted. :param of: how many there are, if more than these."""
    all_ = [*values]
    rest = max(of, len(all_)) - NAMED
    return join_words([*all_[:NAMED], *([f"{count(rest)} more"] if rest > 0 else [])])


def path_text(steps: Iterable[str]) -> str:
    """The steps of a path, each a name as it is in the store; a name that contains the sign between them is quoted."""
    named = [f"“{name}”" if STEP.strip() in name else name for name in map(label, steps)]
    return STEP.join(named) or NO_TOUCH


def points(difference: float, *beside: float) -> str:
    """A difference of shares in percentage points, with its sign; decimals as in `share`."""
    digits = max(map(_digits, (difference, *beside)))
    return f"{0.0 if abs(difference) < NOISE else difference * 100:+,.{digits}f}"
