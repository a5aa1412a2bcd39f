"""Whether a store is open: its hours in the opening_hours syntax of OpenStreetMap, with the public holidays of its own
region and the sun of its own place.

The library opening_hours knows holidays by country alone, so ``PH`` becomes here what it means on a day: the weekdays
of those of this day and the day before (whose hours may last past midnight) that are holidays where the store is.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, State

CLOSING_DAYS = 2
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_COMMENT = re.compile(r'(\b(?:open|off|closed|unknown)\s*)?\s*("[^"]*")(\s*:)?')
_TEXT_OR_HOLIDAY = re.compile(r'"[^"]*"|\bPH\b')


class Place(Protocol):
    """What opening hours need of a store (``schemas.brand.stores.Store``)."""

    @property
    def hours(self) -> str: ...

    @property
    def time_zone(self) -> str: ...

    @property
    def country(self) -> str: ...

    @property
    def region(self) -> str: ...

    @property
    def coordinates(self) -> tuple[float, float] | None: ...


class Hours(NamedTuple):
    """What opening hours depend on. ``region`` is the part of an ISO 3166-2 code after the country, or empty;
    ``coordinates`` are latitude and longitude in degrees."""

    text: str
    time_zone: str
    country: str
    region: str
    coordinates: tuple[float, float] | None


def hours_of(store: Place, brand_country: str) -> Hours:
    """The opening hours of a store of a brand."""
    country = store.country or brand_country
    region = store.region.removeprefix(f"{country}-")
    return Hours(store.hours, store.time_zone, country, region, store.coordinates)


def is_open(hours: Hours, local: datetime) -> bool | None:
    """Whether the store is open at a time on its own wall clock (naive); None where that is unknown: the hours say so,
    or cannot be worked out (``opening_check`` refuses those that it sees)."""
    # The library is given a person's text, and one text must not stop every store's answers.
    try:
        return worked_out(hours, local)
    except BaseException as error:
        if not given_up(error):
            raise
        return None


def minutes_until_closing(hours: Hours, local: datetime) -> int | None:
    """Whole minutes until an open store closes; None where it is not open, does not close within two days, or its hours
    cannot be worked out."""
    if not is_open(hours, local):
        return None
    # A store that was open at one time until another was open all the time between.
    known = _closings(hours, local.date())
    closing = next((until for since, until in known if since <= local < until), None)
    if closing is None:
        try:
            closing = _closing(hours, local)
        except BaseException as error:
            if not given_up(error):
                raise
        if closing is not None:
            known.append((local, closing))
    return None if closing is None else int((closing - local).total_seconds()) // 60


@lru_cache(1024)
def _closings(hours: Hours, day: date) -> list[tuple[datetime, datetime]]:
    """Times at which the store was found open on a day, each with when it closes: filled in by its caller."""
    return []


def _closing(hours: Hours, at: datetime) -> datetime | None:
    """When a store that is open closes, within some two days."""
    for _ in range(CLOSING_DAYS):
        midnight = datetime.combine(at.date() + timedelta(days=1), time())
        # With coordinates the library's times are aware.
        while (change := _on_day(hours, at).next_change(at)) and change.replace(tzinfo=None) < midnight:
            at = change.replace(tzinfo=None)
            if not is_open(hours, at):
                return at
        at = midnight
        if not is_open(hours, at):
            return at
    return None


def given_up(error: BaseException) -> bool:
    """Whether it is how the library gives up: its own errors, or a panic, as for a sun's offset past midnight."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def worked_out(hours: Hours, local: datetime) -> bool | None:
    """``is_open``, with whatever the library raises."""
    state, _ = _on_day(hours, local).state(local)
    return None if state == State.UNKNOWN else state == State.OPEN


def _on_day(hours: Hours, local: datetime) -> OpeningHours:
    """The hours as they are on a day, and in the night before it."""
    holidays: tuple[str, ...] = ()
    if names_holidays(hours.text):
        days = (local.date() - timedelta(days=1), local.date())
        holidays = tuple(WEEKDAYS[day.weekday()] for day in days if is_public_holiday(hours.country, hours.region, day))
    return _parsed(hours, holidays)


def names_holidays(text: str) -> bool:
    """Whether the hours speak of public holidays."""
    return "PH" in text and any(found[0] == "PH" for found in _TEXT_OR_HOLIDAY.finditer(text))


@lru_cache(4096)
def is_public_holiday(country: str, region: str, day: date) -> bool:
    """Whether a day is a public holiday in a region of a country (ISO 3166), or in the whole country."""
    return day in _calendar(country, region)


@lru_cache(256)
def _calendar(country: str, region: str) -> Any:
    # Few stores' hours name holidays, and the calendars of the world are many files.
    from holidays import country_holidays

    return country_holidays(country, subdiv=region or None)


@lru_cache(4096)
def _parsed(hours: Hours, holidays: tuple[str, ...]) -> OpeningHours:
    """:param holidays: the weekdays that ``PH`` stands for; where it is empty ``PH`` is never."""
    text = with_holidays(with_states(hours.text), holidays)
    if hours.coordinates is None:
        return OpeningHours(text)
    return OpeningHours(text, timezone=ZoneInfo(hours.time_zone), coords=hours.coordinates, auto_country=False)


def with_states(text: str) -> str:
    """The hours with ``unknown`` before each comment that has no state of its own, which is what such a comment means
    (specification of opening_hours, rule_modifier); the library takes it for open."""

    def with_state(found: re.Match[str]) -> str:
        if found[1] or found[3]:
            return found[0]
        return f"{' ' if found.start() else ''}unknown {found[2]}"

    return _COMMENT.sub(with_state, text)


def with_holidays(text: str, holidays: Iterable[str]) -> str:
    """The hours in the library's own spelling, with weekdays in the place of ``PH``."""
    weekdays = ",".join(holidays)
    if not weekdays:
        return text
    return _TEXT_OR_HOLIDAY.sub(lambda found: weekdays if found[0] == "PH" else found[0], str(OpeningHours(text)))


Span = tuple[datetime, datetime | None]
"""From when until when a store is open, on its own wall clock; None: until the next day's morning or longer."""
_BEFORE, _AFTER = timedelta(hours=12), timedelta(hours=30)


@lru_cache(4096)
def open_spans(hours: Hours, day: date) -> tuple[Span, ...]:
    """When a store is open on a day, what began the evening before included; empty where that cannot be worked out."""
    try:
        return tuple(_spans(hours, day))
    except BaseException as error:
        if not given_up(error):
            raise
        return ()


def _spans(hours: Hours, day: date) -> Iterator[Span]:
    holidays: tuple[str, ...] = ()
    if names_holidays(hours.text):
        days = (day - timedelta(days=1), day)
        holidays = tuple(WEEKDAYS[one.weekday()] for one in days if is_public_holiday(hours.country, hours.region, one))
    midnight = datetime(day.year, day.month, day.day)
    last = midnight + _AFTER
    for start, end, state, _ in _parsed(hours, holidays).intervals(midnight - _BEFORE, last):
        begins, ends = start.replace(tzinfo=None), (end or last).replace(tzinfo=None)
        if begins.date() > day:
            return
        if state == State.OPEN and ends > midnight:
            yield begins, ends if ends < last else None
