"""Puts a question to the store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from sinks.analysis.report.section import Answer, Question, Row, Scope
from sinks.analysis.words import plain

SETTINGS: Final = {"readonly": 2, "max_execution_time": 600}
"""A query only reads, and does not go on for ever (seconds)."""

_NOISE: Final = re.compile(r"^.*?DB::Exception: |(: while executing|\(version) .*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """What the store had to a question.

    query is what was asked; rows are as the store gave them, for the file of figures, and `simple` has the same for
    people and charts. Without an answer `why` says what is missing; `failed` says that this needs mending.
    """

    query: str
    rows: list[Row]
    simple: list[Row]
    answer: Answer | None
    why: str = ""
    failed: bool = False


class Store:
    """ClickHouse, asked for reading alone."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked: dict[str, list[Row]] = {}

    @cached_property
    def _names(self) -> frozenset[str]:
        rows = self._client.query("SELECT name FROM system.tables WHERE database = currentDatabase()").result_rows
        return frozenset(str(name) for (name,) in rows)

    def has(self, name: str) -> bool:
        """Whether there is such a table or view."""
        return name in self._names

    def rows(self, query: str) -> list[Row]:
        """The query's rows. The same query is asked once: several questions may look at one view."""
        if query not in self._asked:
            result = self._client.query(query, settings=SETTINGS)
            self._asked[query] = [dict(zip(result.column_names, row, strict=True)) for row in result.result_rows]
        return self._asked[query]

    def told(self, question: Question, scope: Scope) -> Told:
        """The answer. :raises OperationalError: nobody is there to answer."""
        variants = list(question.variants(self, scope))
        queries = [scope.filled(question.query, values) for values in variants]
        shown = _shown(queries, variants)
        if missing := [name for name in question.reads if not self.has(name)]:
            names = ", ".join(missing)
            return Told(shown, [], [], None, f"The store has no {names} yet: run footpath store migrate.")
        try:
            rows = [
                {**values, **row} for values, query in zip(variants, queries, strict=True) for row in self.rows(query)
            ]
        except OperationalError:
            raise
        except DatabaseError as error:
            return Told(shown, [], [], None, f"The store refused the query: {_brief(error)}", failed=True)
        simple = [{key: simplified(value) for key, value in row.items()} for row in rows]
        answer = question.answer(simple, scope) if simple else None
        return Told(shown, rows, simple, answer, "" if answer else question.nothing)


def simplified(value: Any) -> Any:
    """A value of the store for people and charts: a float, a whole number, printable text, ISO 8601, or None."""
    match value:
        case None | bool() | int() | float():
            return value
        case Decimal():
            return float(value)
        case datetime():
            at = value if value.tzinfo else value.replace(tzinfo=UTC)
            return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case _:
            return plain(str(value))


def _shown(queries: list[str], variants: list[Mapping[str, str]]) -> str:
    """The first query, and what was put in its place in the others."""
    others = ", ".join(" ".join(values.values()) for values in variants[1:])
    return f"{queries[0]}\n-- asked again with {others}" if others else queries[0]


def _brief(error: DatabaseError) -> str:
    return plain(_NOISE.sub("", str(error)).strip())[:300]
