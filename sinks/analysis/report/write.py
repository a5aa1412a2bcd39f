"""Writes a report: runs every query, draws the charts, and writes page and CSV files into a folder."""

import csv
import io
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from clickhouse_connect.driver.client import Client

from sinks.analysis.formatting import plural
from sinks.analysis.report.page import AnsweredQuestion, page
from sinks.analysis.report.queries import QueryResult, ReportStore
from sinks.analysis.report.section import Question, Row, Scope, Section
from sinks.analysis.report.svg import WIDTHS, draw

PAGE: Final = "report.html"
FIGURES: Final = "data"
_ZONED: Final = re.compile(r"(Z|[+-]\d{2}:\d{2}| [A-Z][A-Za-z0-9_+/-]+)$")
"""An offset or a time zone at the end of a time, as the view period reads it."""


@dataclass(frozen=True, slots=True)
class Written:
    """The page, the numbers of questions with an answer and with nothing to show, and the ids of failed queries."""

    page: Path
    answered: int
    empty: int
    refused: tuple[str, ...]


def write(
    client: Client,
    sections: Sequence[Section],
    scope: Scope,
    title: str,
    folder: Path,
    began: Callable[[str], None],
) -> Written:
    """Writes the report into the folder, which is created when it does not exist; blocks for the time of all queries.

    :param began: receives the text of each question before its query runs.
    :raises OSError: the folder cannot be written to.
    """
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    store = ReportStore(client)
    shown: list[tuple[Section, list[AnsweredQuestion]]] = []
    for section in sections:
        shown.append((section, []))
        for question in section.questions:
            began(question.text)
            shown[-1][1].append(_show(store, section, question, scope, folder))
    _replace(folder / PAGE, page(title, _about(scope), shown))
    result = {f"{section.id}-{one.question.id}": one.result for section, several in shown for one in several}
    return Written(
        folder / PAGE,
        answered=sum(one.answer is not None for one in result.values()),
        empty=sum(one.answer is None and not one.failed for one in result.values()),
        refused=tuple(id_ for id_, one in result.items() if one.failed),
    )


def _show(store: ReportStore, section: Section, question: Question, scope: Scope, folder: Path) -> AnsweredQuestion:
    result = store.ask(question, scope)
    id_ = f"{section.id}-{question.id}"
    file = f"{FIGURES}/{id_}.csv"
    if result.answer is None:
        (folder / file).unlink(missing_ok=True)  # left by an earlier report that had an answer
        return AnsweredQuestion(question, result, (), file)
    _replace(folder / file, figures(result.rows))
    return AnsweredQuestion(question, result, _charts(id_, question, result), file)


def _charts(id_: str, question: Question, result: QueryResult) -> list[str]:
    assert result.answer is not None
    description = f"{result.answer.sentence} n = {result.answer.n}. {question.how}"
    return [draw(question.draw(result.simple, width), f"{id_}-{width}", question.text, description) for width in WIDTHS]


def figures(rows: Sequence[Row]) -> str:
    """Rows as CSV (RFC 4180), times as ISO 8601 in UTC.

    A text that a spreadsheet would interpret as a formula gets an apostrophe in front.
    """
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(rows[0])
    table.writerows([_field(value) for value in row.values()] for row in rows)
    return out.getvalue()


def _field(value: Any) -> Any:
    match value:
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        case Decimal():
            return f"{value:f}"
        case list() | tuple() | dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case str() if value.startswith(("=", "+", "-", "@", "\t", "\r")):
            return f"'{value}"
    return value


def _about(scope: Scope) -> str:
    period = "All time" if scope.is_all_time else f"From {_named(scope.since)} until before {_named(scope.until)}"
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    return f"{period}; touches count for {plural(scope.lookback_days, 'day')}. Created by Footpath on {made} UTC."


def _named(time: str) -> str:
    """A time as it was given, and that it is in UTC where it does not name another zone."""
    return time if _ZONED.search(time) else f"{time} UTC"


def _replace(file: Path, text: str) -> None:
    part = file.with_name(f"{file.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    os.replace(part, file)
