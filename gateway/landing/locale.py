"""Numbers, prices, times and distances as readers of a language write them (CLDR, by babel)."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

from schemas.languages import ranges_of

MILES: Final = frozenset({"US", "GB", "LR", "MM"})
"""Countries whose roads have miles (CLDR, measurement systems)."""
METRES_OF_A_MILE: Final = Decimal("1609.344")
NUMBERS: Final = "latn"
"""The digits, with their separators: babel has no others, and people who write others read these."""


@lru_cache(256)
def locale_of(language: str, country: str = "") -> Locale:
    """The locale of a language tag, that of the brand's country where there is one; English for an unknown language."""
    for tag in ranges_of(language):
        for one in (f"{tag}-{country}", tag) if "-" not in tag and country else (tag,):
            try:
                return Locale.parse(one, sep="-")
            except (UnknownLocaleError, ValueError):
                continue
    return Locale("en")


def number(value: Decimal | int, locale: Locale) -> str:
    return format_decimal(value, locale=locale, numbering_system=NUMBERS)


def price(value: Decimal, currency: str, locale: Locale) -> str:
    return format_currency(value, currency, locale=locale, numbering_system=NUMBERS)


def distance(metres: int, locale: Locale, country: str) -> str:
    """Kilometres, or miles where the brand's country has them; short ways in metres."""
    if country in MILES:
        return _unit(_rounded(metres / METRES_OF_A_MILE), "length-mile", locale)
    if metres < 1000:
        return _unit(Decimal(round(metres, -1)), "length-meter", locale)
    return _unit(_rounded(Decimal(metres) / 1000), "length-kilometer", locale)


def minutes(count: int, locale: Locale) -> str:
    return _unit(Decimal(count), "duration-minute", locale)


def time(at: datetime, locale: Locale, with_day: bool = False) -> str:
    """A time of the day. :param with_day: with its weekday before it."""
    clock: str = format_time(at, "short", locale=locale)
    return f"{format_date(at, 'EEE', locale=locale)} {clock}" if with_day else clock


def day(at: datetime, locale: Locale) -> str:
    """A date, such as 3 Oct 2026."""
    return str(format_date(at, "medium", locale=locale))


def day_and_time(at: datetime, locale: Locale) -> str:
    return str(format_datetime(at, "short", locale=locale))


def clock(text: str, locale: Locale) -> str:
    """A time such as 07:00."""
    return str(format_time(datetime.strptime(text, "%H:%M"), "short", locale=locale))


def _rounded(value: Decimal) -> Decimal:
    return round(value, 1 if value < 10 else 0)


def _unit(value: Decimal, unit: str, locale: Locale) -> str:
    return str(format_unit(value, unit, "short", locale=locale, numbering_system=NUMBERS))
