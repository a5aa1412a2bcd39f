"""What the report is made of: sections of questions, each with its query, its answer in words and its chart.

A new section is one file in the folder `sections` and one line in its registry. Everything here is a value: a question
is asked by `asking.py`, drawn by `picture.py` and written by `page.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, Protocol

from sinks.analysis.period import BEGINNING, END

Row = dict[str, Any]
"""A row of figures: whole numbers and floats, texts, times as ISO 8601 text in UTC, None."""


class Drawing(Protocol):
    """A chart of altair."""

    def to_dict(self, *, validate: bool = True) -> dict[str, Any]: ...


class Source(Protocol):
    """The store, as far as a question may look at it before it is asked."""

    def has(self, name: str) -> bool:
        """Whether there is such a table or view."""
        ...

    def rows(self, query: str) -> list[Row]:
        """The query's rows."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """What the report is about.

    since and until are dates or times in UTC as ISO 8601 text; until itself is outside. lookback_days is how old a
    touch may be when its path ends.
    """

    since: str
    until: str
    lookback_days: int

    @property
    def is_all_time(self) -> bool:
        """Whether it is the period of everything."""
        return (self.since, self.until) == (BEGINNING, END)

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        """The query with $since, $until, $lookback_days and the names in `values` put in."""
        return Template(query.strip()).substitute(
            values, since=self.since, until=self.until, lookback_days=str(self.lookback_days)
        )


def moment(text: str) -> str:
    """SQL of a date or time in UTC, read as the views read it."""
    return f"parseDateTime64BestEffort('{text}', 6, 'UTC')"


def period(column: str) -> str:
    """SQL of the condition that a time is in the report's period."""
    return f"{column} >= {moment('$since')} AND {column} < {moment('$until')}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One sentence, what it was counted from, and what else is to be known."""

    sentence: str
    n: str
    notes: Sequence[str] = ()


def once(source: Source, scope: Scope) -> Iterable[Mapping[str, str]]:
    """A query that is asked a single time."""
    return ({},)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, its query, and what is made of the rows.

    reads are the tables and views that the query needs; when one is missing the page says so. The query is a template
    with $since, $until and $lookback_days. It is asked once for each of `variants`, whose values fill in further names
    and become the first columns of the rows. `answer` gives None, and `draw` is not called, when there is nothing to
    show; then `nothing` is said. `draw` gets the width of the whole picture in pixels: one for a desk, one for a phone.
    """

    id: str
    text: str
    reads: tuple[str, ...]
    query: str
    answer: Callable[[list[Row], Scope], Answer | None]
    draw: Callable[[list[Row], int], Drawing]
    how: str
    nothing: str
    variants: Callable[[Source, Scope], Iterable[Mapping[str, str]]] = once


@dataclass(frozen=True, slots=True)
class Section:
    """Questions under one title; `id` names their anchor and their files."""

    id: str
    title: str
    questions: tuple[Question, ...]
