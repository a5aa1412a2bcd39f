"""What is wrong with a store's opening hours: everything for which the stream could not say whether it is open."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]  # its stub leaves it out

from schemas.brand.item import Mistake
from schemas.brand.opening import WEEKDAYS, Hours, given_up, names_holidays, with_holidays, worked_out

MAX_HOURS_CHARS = 2_000
DAYS_TRIED = 366
"""Days from today on which the hours are worked out."""
POLAR_LATITUDE = 65.0
"""Degrees beyond which the sun does not rise and set on every day."""
MAX_SUN_OFFSET_H = 5.0
"""Hours between the clock of a time zone and the sun at most (China's far west has three)."""
_QUOTED = re.compile(r'"[^"]*"')
_HOLIDAY = re.compile(r"\b[PS]H\b")
_SUN = re.compile(r"sunrise|sunset|dawn|dusk", re.IGNORECASE)


def opening_mistakes(hours: Hours, store_country: str) -> Iterator[Mistake]:
    """:param hours: of a known time zone. :param store_country: the country that the store itself names, or empty."""
    text = _QUOTED.sub('""', hours.text)
    if not text.strip():
        yield "hours", "must say when the store is open, e.g. Mo-Fr 08:00-20:00; leave it out for 24/7"
        return
    if len(hours.text) > MAX_HOURS_CHARS:
        yield "hours", f"has {len(hours.text)} characters; {MAX_HOURS_CHARS} is the most"
        return
    try:
        OpeningHours(hours.text)
    except ParserError as error:
        yield "hours", f"not in the opening_hours syntax: {str(error).splitlines()[-1].strip(' =')}"
        return
    found = list(_sun_mistakes(text, hours))
    if hours.region or _HOLIDAY.search(text):
        # The calendars of the world take a second to load, and few stores need one.
        from schemas.brand.holiday_check import holiday_mistakes

        found += holiday_mistakes(text, hours, store_country)
    yield from found
    if not found and (fault := _fault_within_a_year(hours)):
        yield "hours", fault


def _sun_mistakes(text: str, hours: Hours) -> Iterator[Mistake]:
    if hours.coordinates is not None:
        latitude, longitude = hours.coordinates
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            yield "coordinates", "must be latitude (-90 to 90) and longitude (-180 to 180) in degrees"
            return
        offset = ZoneInfo(hours.time_zone).utcoffset(datetime(2026, 1, 1))
        apart = ((offset.total_seconds() / 3600 if offset else 0.0) - longitude / 15 + 12) % 24 - 12
        if abs(apart) > MAX_SUN_OFFSET_H:
            yield "coordinates", f"longitude {longitude} is not within {hours.time_zone}; latitude comes first"
    if not (sun := _SUN.search(text)):
        return
    if hours.coordinates is None:
        yield "hours", f"name {sun[0]}: give the store's coordinates, e.g. coordinates: [52.52, 13.40]"
    elif abs(hours.coordinates[0]) > POLAR_LATITUDE:
        yield "hours", f"name {sun[0]}, and beyond {POLAR_LATITUDE:g} degrees the sun does not rise and set every day"


@lru_cache(1024)
def _fault_within_a_year(hours: Hours) -> str:
    """What the library says when it cannot work the hours out on some day of a year from now; empty when it can."""
    noon = datetime.now(ZoneInfo(hours.time_zone)).replace(tzinfo=None, hour=12, minute=0, second=0, microsecond=0)
    try:
        for weekday in WEEKDAYS if names_holidays(hours.text) else ():
            OpeningHours(with_holidays(hours.text, (weekday,)))
        with _without_stderr():
            for day in range(DAYS_TRIED):
                worked_out(hours, noon + timedelta(days=day))
    except BaseException as error:
        if not given_up(error):
            raise
        return f"cannot be worked out: {' '.join(str(error).split())[:100]}"
    return ""


@contextmanager
def _without_stderr() -> Iterator[None]:
    """A panic of the library writes its own trace before Python knows of it; the check says the same in a line."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
