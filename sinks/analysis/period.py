"""Periods as commands take them: the grammar of the view period, and the period that contains everything."""

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

BEGINNING: Final = "1970-01-01"
END: Final = "2106-01-01"
EXAMPLES: Final = "2026-03-31, 2026-03-31T18:00:00+02:00 or 2026-03-31 18:00 Europe/Berlin"
_TIME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?)"
    r"(?:(Z|[+-]\d{2}:\d{2})| ([A-Z][A-Za-z0-9_+/-]+))?",
    re.ASCII,
)


def parse_period(since: str, until: str) -> tuple[datetime, datetime]:
    """Both times in UTC. :raises ValueError: one is no time, or the period is empty; the text names the option."""
    begins, ends = _parse("--since", since), _parse("--until", until)
    if begins >= ends:
        raise ValueError(f"--since {since} must lie before --until {until}")
    return begins, ends


def _parse(option: str, text: str) -> datetime:
    wrong = f"{option} {text} is no date or time; write {EXAMPLES}"
    if (found := _TIME.fullmatch(text)) is None:
        raise ValueError(wrong)
    local, offset, zone = found.groups()
    try:
        at = datetime.fromisoformat(local + (offset or ""))
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(wrong) from None
    except (KeyError, OSError):  # how zoneinfo says that there is no such zone, or no file but a folder
        raise ValueError(f"{option} {text}: there is no time zone {zone}") from None
