"""`footpath report`: one page of charts from ClickHouse."""

import os
import sys
from pathlib import Path

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError
from sinks.analysis.period import BEGINNING, END, parse_period

TITLE = "Footpath report"


def report(
    folder: Path,
    *,
    since: str = BEGINNING,
    until: str = END,
    lookback_days: int = 90,
    title: str = TITLE,
) -> int:
    """Write one HTML page of charts: attribution, influence, money, paths, and the activity of the stream.

    FOLDER/report.html works without network and server; FOLDER/data holds the figures of each chart as CSV files.
    Questions without data are listed on the page. The exit code is 2 when ClickHouse refused a query.

    For example: footpath report out --since 2026-01-01 --until 2026-04-01

    Parameters
    ----------
    folder
        Directory for the page; it is created when it does not exist.
    since
        Start of the period: a date or time, in UTC unless it has an offset or the name of a time zone. Runs of
        `footpath attribute` are shown if they have the same period.
    until
        End of the period (exclusive), written as since.
    lookback_days
        Age limit of a touchpoint when its path ends, in days.
    title
        Headline of the page.
    """
    from deploy.operate.report.progress import ReportProgress
    from deploy.operate.store_client import connect
    from sinks.analysis.formatting import plural
    from sinks.analysis.report.section import Scope
    from sinks.analysis.report.sections import SECTIONS
    from sinks.analysis.report.write import write

    scope = Scope(since, until, _checked_days(lookback_days))
    try:
        parse_period(since, until)
    except ValueError as error:
        raise OperatorError(str(error)) from None
    questions = sum(len(section.questions) for section in SECTIONS)
    with connect(os.environ) as client, ReportProgress(questions) as progress:
        try:
            written = write(client, SECTIONS, scope, title, folder, progress.start_question)
        except OSError as error:
            raise OperatorError(f"{folder} cannot be written to: {error.strerror}") from None
        progress.finish()
    have = "has" if written.empty == 1 else "have"
    print(
        f"{written.page}: {plural(written.answered, 'chart')}; {plural(written.empty, 'question')} {have} nothing to "
        "show yet"
    )
    for refused in written.refused:
        print(f"ClickHouse refused the query of {refused}; the page says why", file=sys.stderr)
    return 2 if written.refused else 0


def _checked_days(lookback_days: int) -> int:
    if not 1 <= lookback_days <= 36_500:
        raise OperatorError(f"--lookback-days {lookback_days} must be from 1 to 36500")
    return lookback_days


COMMAND = Command(report, USE_IT)
