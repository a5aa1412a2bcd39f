"""The parts of the report: sections of questions, each with its query, its answer in words and its chart.

A new section is one file in the folder `sections`, which is discovered. Everything here is a value: `queries.py` runs a
question's query, `svg.py` draws its chart and `page.py` makes the page.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, Final, Literal, Protocol

from sinks.analysis.period import BEGINNING, END

Row = dict[str, Any]
"""A row of figures: whole numbers and floats, texts and lists of them, times as ISO 8601 text in UTC, None."""


class Drawing(Protocol):
    """A chart of altair."""

    def to_dict(self, *, validate: bool = True) -> dict[str, Any]: ...


CURRENCY: Final = "(SELECT currency FROM live_brand) AS currency"
"""SQL of the column that says what the amounts of a row are in."""


class Source(Protocol):
    """The store, for questions whose variants depend on its content."""

    def has(self, name: str) -> bool:
        """Whether there is such a table or view."""
        ...

    def rows(self, query: str) -> list[Row]:
        """The query's rows."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """The period and look-back of a report.

    since and until are texts that the view period reads; until itself is excluded. lookback_days is the maximum
    age of a touch when its path ends.
    """

    since: str
    until: str
    lookback_days: int

    @property
    def is_all_time(self) -> bool:
        """Whether the period has everything."""
        return (self.since, self.until) == (BEGINNING, END)

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        """The query with $since, $until, $lookback_days and the names in `values` replaced."""
        return Template(query.strip()).substitute(
            values, since=self.since, until=self.until, lookback_days=str(self.lookback_days)
        )


def bound(name: Literal["since", "until"]) -> str:
    """SQL of one end of the report's period, parsed as in the views."""
    return f"(SELECT {name} FROM period(since = '$since', until = '$until', days = $lookback_days))"


def period(column: str) -> str:
    """SQL of the condition that a time is in the report's period."""
    return f"{column} >= {bound('since')} AND {column} < {bound('until')}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One sentence, the number of cases it is based on, and notes."""

    sentence: str
    n: str
    notes: Sequence[str] = ()


def single(source: Source, scope: Scope) -> Iterable[Mapping[str, str]]:
    """No variants: the query runs once."""
    return ({},)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question with its query, its answer and its chart.

    reads are the tables and views that the query needs; the page names a missing one. The query is a template with
    $since, $until and $lookback_days. It runs once for each of `variants`, whose values replace further names and
    become the first columns of the rows. `answer` returns None when there is nothing to show, or a text that says why
    there is nothing; then `draw` is not called, and the page has that text, or `nothing`, which must be true whatever
    the reason. `draw` gets the width of the chart in pixels: one for a desktop, one for a phone. `how` explains the
    chart.
    """

    id: str
    text: str
    reads: tuple[str, ...]
    query: str
    answer: Callable[[list[Row], Scope], Answer | str | None]
    draw: Callable[[list[Row], int], Drawing]
    how: str
    nothing: str
    variants: Callable[[Source, Scope], Iterable[Mapping[str, str]]] = single


@dataclass(frozen=True, slots=True)
class Section:
    """Questions under one title.

    :param id: names their anchors and files. :param position: orders the sections of the page, lowest first.
    """

    id: str
    title: str
    position: int
    questions: tuple[Question, ...]
