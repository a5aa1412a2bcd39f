"""Writes a report: asks every question, draws, and puts page and figures into a folder."""

import csv
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from clickhouse_connect.driver.client import Client

from sinks.analysis.report.asking import Store, Told
from sinks.analysis.report.page import Shown, page
from sinks.analysis.report.picture import WIDTHS, draw
from sinks.analysis.report.section import Question, Row, Scope, Section

PAGE: Final = "report.html"
FIGURES: Final = "data"


@dataclass(frozen=True, slots=True)
class Written:
    """The page, how many questions have an answer, how many have nothing to show, and those that the store refused."""

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
    """Writes the report into the folder, which is made when it is not there.

    :param began: is told of each question before it is asked.
    :raises OSError: the folder cannot be written to.
    """
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    store = Store(client)
    shown: list[tuple[Section, list[Shown]]] = []
    for section in sections:
        shown.append((section, []))
        for question in section.questions:
            began(question.text)
            shown[-1][1].append(_show(store, section, question, scope, folder))
    _replace(folder / PAGE, page(title, _about(scope), shown))
    told = {f"{section.id}-{one.question.id}": one.told for section, several in shown for one in several}
    return Written(
        folder / PAGE,
        answered=sum(one.answer is not None for one in told.values()),
        empty=sum(one.answer is None and not one.failed for one in told.values()),
        refused=tuple(id_ for id_, one in told.items() if one.failed),
    )


def _show(store: Store, section: Section, question: Question, scope: Scope, folder: Path) -> Shown:
    told = store.told(question, scope)
    id_ = f"{section.id}-{question.id}"
    file = f"{FIGURES}/{id_}.csv"
    if told.answer is None:
        (folder / file).unlink(missing_ok=True)  # of an earlier report, which had an answer
        return Shown(question, told, (), file)
    _replace(folder / file, figures(told.rows))
    return Shown(question, told, _pictures(id_, question, told), file)


def _pictures(id_: str, question: Question, told: Told) -> list[str]:
    assert told.answer is not None
    description = f"{told.answer.sentence} n = {told.answer.n}. {question.how}"
    return [draw(question.draw(told.simple, width), f"{id_}-{width}", question.text, description) for width in WIDTHS]


def figures(rows: Sequence[Row]) -> str:
    """Rows as CSV (RFC 4180), times as ISO 8601 in UTC.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
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
        case str() if value.startswith(("=", "+", "-", "@", "\t", "\r")):
            return f"'{value}"
    return value


def _about(scope: Scope) -> str:
    period = "All time" if scope.is_all_time else f"From {scope.since} until before {scope.until} (UTC)"
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    return f"{period}; touches count for {scope.lookback_days} days. Made by Footpath on {made} UTC."


def _replace(file: Path, text: str) -> None:
    part = file.with_name(f"{file.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    os.replace(part, file)
