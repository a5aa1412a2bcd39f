"""Runs a question's queries on the store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from sinks.analysis.formatting import printable
from sinks.analysis.report.section import Answer, Question, Row, Scope

SETTINGS: Final = {"readonly": 2, "max_execution_time": 600}
"""Queries may only read, and at most for so many seconds."""

_NOISE: Final = re.compile(r"^.*?DB::Exception: |(: while executing|\(version) .*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows and the answer of a question.

    query is the SQL that ran; rows are those of the store, for the CSV file, and `simple` the same for page and charts.
    Without an answer `why` is the reason; `failed` is whether that is an error.
    """

    query: str
    rows: list[Row]
    simple: list[Row]
    answer: Answer | None
    why: str = ""
    failed: bool = False


class ReportStore:
    """ClickHouse, read only."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._results: dict[str, list[Row]] = {}

    @cached_property
    def _names(self) -> frozenset[str]:
        rows = self._client.query("SELECT name FROM system.tables WHERE database = currentDatabase()").result_rows
        return frozenset(str(name) for (name,) in rows)

    def has(self, name: str) -> bool:
        """Whether there is such a table or view."""
        return name in self._names

    def rows(self, query: str) -> list[Row]:
        """The query's rows. The same query runs once: several questions may read one view."""
        if query not in self._results:
            result = self._client.query(query, settings=SETTINGS)
            self._results[query] = [dict(zip(result.column_names, row, strict=True)) for row in result.result_rows]
        return self._results[query]

    def ask(self, question: Question, scope: Scope) -> QueryResult:
        """Runs the query for all variants. :raises OperationalError: ClickHouse cannot be reached."""
        variants = list(question.variants(self, scope))
        queries = [scope.filled(question.query, values) for values in variants]
        shown = _shown(queries, variants)
        if missing := [name for name in question.reads if not self.has(name)]:
            names = ", ".join(missing)
            return QueryResult(shown, [], [], None, f"The store has no {names} yet: run footpath store migrate.")
        try:
            rows = [
                {**values, **row} for values, query in zip(variants, queries, strict=True) for row in self.rows(query)
            ]
        except OperationalError:
            raise
        except DatabaseError as error:
            return QueryResult(shown, [], [], None, f"The store refused the query: {_brief(error)}", failed=True)
        simple = [{key: simplified(value) for key, value in row.items()} for row in rows]
        answer = question.answer(simple, scope) if simple else None
        if isinstance(answer, Answer):
            return QueryResult(shown, rows, simple, answer)
        return QueryResult(shown, rows, simple, None, printable(answer or question.nothing))


def simplified(value: Any) -> Any:
    """A value of the store for page and charts: a float, a whole number, printable text, ISO 8601, None, or a list or
    dict of these."""
    match value:
        case None | bool() | int() | float():
            return value
        case Decimal():
            return float(value)
        case datetime():
            at = value if value.tzinfo else value.replace(tzinfo=UTC)
            return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case list() | tuple():
            return [simplified(one) for one in value]
        case dict():
            return {simplified(key): simplified(one) for key, one in value.items()}
        case _:
            return printable(str(value))


def _shown(queries: list[str], variants: list[Mapping[str, str]]) -> str:
    """The first query, and the values of the other variants."""
    others = ", ".join(" ".join(values.values()) for values in variants[1:])
    return f"{queries[0]}\n-- also run with {others}" if others else queries[0]


def _brief(error: DatabaseError) -> str:
    return printable(_NOISE.sub("", str(error)).strip())[:300]
