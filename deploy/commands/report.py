"""One page of charts out of the store."""

import os
import sys
from pathlib import Path

from deploy.errors import Refused
from sinks.analysis.period import BEGINNING, END

TITLE = "Footpath report"


def report(
    folder: Path,
    *,
    since: str = BEGINNING,
    until: str = END,
    lookback_days: int = 90,
    title: str = TITLE,
) -> int:
    """Write one page of charts and answers: attribution, influence, money, paths, and what the stream did.

    FOLDER/report.html needs nothing else, no network and no server; FOLDER/data has the figures behind each chart as
    CSV files. What the store doesn't have yet is said on the page. The exit code is 2 when the store refused a query.

    For example: footpath report out --since 2026-01-01 --until 2026-04-01

    Parameters
    ----------
    folder
        Directory to write into; it is made when it is not there.
    since
        Begin of the period: a date or time in UTC. Runs of `footpath attribute` are shown if they have the same period.
    until
        Its end, which is not part of it.
    lookback_days
        How old a touch may be when its path ends.
    title
        Headline of the page.
    """
    from deploy.reporting.screen import Screen
    from deploy.store import reached
    from sinks.analysis.report.section import Scope
    from sinks.analysis.report.sections import SECTIONS
    from sinks.analysis.report.write import write

    scope = Scope(since, until, _days(lookback_days))
    if _moment("--since", since) >= _moment("--until", until):
        raise Refused(f"--until {until} must be after --since {since}")
    questions = sum(len(section.questions) for section in SECTIONS)
    with reached(os.environ) as client, Screen(questions) as screen:
        try:
            written = write(client, SECTIONS, scope, title, folder, screen.began)
        except OSError as error:
            raise Refused(f"{folder} cannot be written to: {error.strerror}") from None
        screen.done()
    print(f"{written.page}: {written.answered} charts; {written.empty} questions have nothing to show yet")
    for refused in written.refused:
        print(f"the store refused the query of {refused}; the page says why", file=sys.stderr)
    return 2 if written.refused else 0


def _days(lookback_days: int) -> int:
    if not 1 <= lookback_days <= 36_500:
        raise Refused(f"--lookback-days {lookback_days} must be from 1 to 36500")
    return lookback_days


def _moment(option: str, text: str) -> float:
    """Seconds since 1970. :raises Refused: it is no date or time in UTC."""
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None or not 1970 <= at.year <= 2106 or not text.replace("T", " ").isprintable():
        raise Refused(f"{option} {text} must be a date or a time in UTC from 1970 to 2106, such as 2026-04-01")
    return at.replace(tzinfo=UTC).timestamp()
