"""When a route may answer, and how soon again to the same person."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from schemas.brand.item import Mistake, Part, unknown_name
from schemas.brand.opening import WEEKDAYS

HOUR_US: Final = 3_600 * 1_000_000
YEARS: Final = range(1970, 9000)
MAX_HOURS: Final = 24 * 366
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")
_WINDOW: Final = re.compile(r"([1-9]\d{0,3}) (hours?|days?)")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})?")


class Schedule(Part, frozen=True, omit_defaults=True):
    """``begins`` (``from``) and ``until`` are dates, the last one included, or times to the minute: on the store's
    clock unless they have a zone (``Z``, ``+01:00``). ``days`` are Mo to Su; ``hours`` such as 09:00-18:00, or
    22:00-02:00, which is of the day on which it begins."""

    begins: str = msgspec.field(default="", name="from")
    until: str = ""
    days: tuple[str, ...] = ()
    hours: str = ""

    def mistakes(self) -> Iterator[Mistake]:
        """What has no meaning, or leaves no time at all."""
        for field, text in (("from", self.begins), ("until", self.until)):
            if text and moment_of(text) is None:
                yield f"schedule.{field}", f"{text!r} is no date or time such as 2026-12-01 or 2026-12-01T09:00+01:00"
                return
        for day in self.days:
            yield from unknown_name("schedule.days", day, WEEKDAYS, "no day is called")
        if self.hours and _span(self.hours) is None:
            yield "schedule.hours", f"{self.hours!r} are no hours such as 09:00-18:00"
        if not (self.begins or self.until or self.days or self.hours):
            yield "schedule", "has neither from, until, days nor hours"
        if (
            self.begins
            and self.until
            and starts_at(self.begins, "UTC") >= ends_at(self.until, "UTC") + timedelta(days=2)
        ):
            yield "schedule.until", f"{self.until} is before {self.begins}"


def window_us(text: str) -> int | None:
    """The microseconds of "7 days" or "12 hours"; None where it is none, or more than a year."""
    found = _WINDOW.fullmatch(text)
    hours = int(found[1]) * (24 if found[2].startswith("day") else 1) if found else 0
    return hours * HOUR_US if 0 < hours <= MAX_HOURS else None


def window_mistakes(field: str, text: str) -> Iterator[Mistake]:
    """A mistake where the text is no time as ``window_us`` reads it."""
    if window_us(text) is None:
        yield field, f"{text!r} is no time such as 7 days or 12 hours, of a year at most"


def off_schedule(schedule: Schedule, at: int, zone: str) -> str:
    """Why a moment (microseconds) is outside the schedule; empty when it is within, or the schedule is unreadable,
    which the check refuses.

    :param zone: of the store (IANA); empty where there is none: then a schedule by its clock is unknown.
    """
    if not zone and _needs_clock(schedule):
        return "its schedule is unknown: there is no store with a clock"
    now = datetime.fromtimestamp(at // 1_000_000, UTC)
    if schedule.begins and now < starts_at(schedule.begins, zone or "UTC"):
        return f"from {schedule.begins} on"
    if schedule.until and now >= ends_at(schedule.until, zone or "UTC"):
        return f"until {schedule.until}"
    if not (schedule.days or schedule.hours):
        return ""
    local = now.astimezone(_zone(zone)).replace(tzinfo=None)
    first, last = _span(schedule.hours) or (0, 24 * 60)
    minute = local.hour * 60 + local.minute
    # Hours past midnight are of the day on which they begin.
    for day, since in ((local.date(), minute), (local.date() - timedelta(days=1), minute + 24 * 60)):
        if first <= since < last and (not schedule.days or WEEKDAYS[day.weekday()] in schedule.days):
            return ""
    return " ".join(filter(None, ("on", ", ".join(schedule.days), schedule.hours)))


def _needs_clock(schedule: Schedule) -> bool:
    local = (text for text in (schedule.begins, schedule.until) if text)
    return bool(schedule.days or schedule.hours) or any((moment := moment_of(t)) and not moment.tzinfo for t in local)


@lru_cache(1024)
def moment_of(text: str) -> datetime | None:
    """A date at its beginning, or a time; None where it is none of the years that clocks can have."""
    if not (_DAY.fullmatch(text) or _MOMENT.fullmatch(text)):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None


@lru_cache(4096)
def starts_at(text: str, zone: str) -> datetime:
    """When the date or time begins, by the clock of ``zone`` unless it has one itself."""
    moment = moment_of(text) or datetime(1, 1, 2)
    return (moment if moment.tzinfo else moment.replace(tzinfo=_zone(zone))).astimezone(UTC)


@lru_cache(4096)
def ends_at(text: str, zone: str) -> datetime:
    """When the date is over, or the time reached, by the clock of ``zone`` unless it has one itself."""
    moment = moment_of(text) or datetime(9999, 12, 30)
    if _DAY.fullmatch(text):
        moment += timedelta(days=1)
    return (moment if moment.tzinfo else moment.replace(tzinfo=_zone(zone))).astimezone(UTC)


@lru_cache(1024)
def _span(hours: str) -> tuple[int, int] | None:
    """Minutes since midnight, the end after the beginning."""
    found = _HOURS.fullmatch(hours)
    if found is None:
        return None
    first, last = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if last > 24 * 60 or first == last:
        return None
    return first, last if last > first else last + 24 * 60


@lru_cache(1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
