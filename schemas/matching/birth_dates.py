"""Dates of birth as forms have them, in one form, and how far apart two of them are when they are encoded."""

import re
from typing import Final

from schemas.matching.encoding import normalise

GENERATION_YEARS: Final = 20
"""Dates that are so far apart are of two people; a wrong digit in the last two places of a year is not so far."""
_YEAR_FIRST: Final = re.compile(r"\s*([0-9]{4})([-./]?)([0-9]{1,2})\2([0-9]{1,2})(?:[T ].*)?", re.DOTALL)
_DAY_FIRST: Final = re.compile(r"\s*([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4})\s*")
_YEAR_LAST: Final = re.compile(r"[0-9]{1,2}[-/ ][0-9]{1,2}[-/ ]([0-9]{4})")


def date_form(text: str) -> str:
    """``YYYYMMDD`` where order and year are clear (1984-02-29, 19840229, 29.2.1984), else letters and digits as they
    stand."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found[1], found[3], found[4]
    elif found := _DAY_FIRST.fullmatch(text):
        year, month, day = found[3], found[2], found[1]
    else:
        return normalise(text)
    return f"{year}{int(month):02}{int(day):02}"


def year_of(text: str) -> int | None:
    """The year of a date as it was sent; None when it is not clear."""
    form = date_form(text)
    if len(form) == 8 and form.isdecimal() and 1800 <= int(form[:4]) <= 2200:
        return int(form[:4])
    found = _YEAR_LAST.fullmatch(text.strip())
    return int(found[1]) if found else None


def generations(year: int) -> tuple[str, str]:
    """The year's place in two rows of spans, of which one begins in the middle of the other's: both differ when two
    years are :data:`GENERATION_YEARS` apart, and not both when they are half as far apart or less."""
    return str(year // GENERATION_YEARS), str((year + GENERATION_YEARS // 2) // GENERATION_YEARS)
