"""When points expire, and what caps per person refuse, by the calendar of the standard library: local days, weeks and
months of a zone. Times are microseconds since 1970 UTC."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Per = Literal["day", "week", "campaign", "ever"]


def end_of_month(at: int, months: int, zone: str) -> int:
    """The end of the local month that is so many months after that of ``at``."""
    month = local_time(at, zone).year * 12 + local_time(at, zone).month - 1 + months + 1
    return _micros(datetime(month // 12, month % 12 + 1, 1, tzinfo=ZoneInfo(zone)))


def end_of_day(at: int, days: int, zone: str) -> int:
    """The end of the local day that is so many days after that of ``at``."""
    day = local_time(at, zone).date() + timedelta(days=days + 1)
    return _micros(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))


@dataclass(frozen=True)
class Earning:
    """What a cap counts of an entry: its points, or 1 each."""

    id: str
    at: int
    units: int


def over_cap(earnings: Iterable[Earning], most: int, per: Per, zone: str) -> list[str]:
    """The ids of what a cap per person refuses, or that a merge finds to be over: in order of time, then of id, each
    earning that does not fit wholly into what its local day or ISO week, its campaign or the whole of time has left."""
    used: dict[str, int] = defaultdict(int)
    over = []
    for earning in sorted(earnings, key=lambda one: (one.at, one.id)):
        window = _window(earning.at, per, zone)
        if used[window] + earning.units > most:
            over.append(earning.id)
        else:
            used[window] += earning.units
    return over


def _window(at: int, per: Per, zone: str) -> str:
    local = local_time(at, zone)
    if per == "day":
        return local.strftime("%Y-%m-%d")
    return "{}-{}".format(*local.isocalendar()[:2]) if per == "week" else ""


def local_time(at: int, zone: str) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
