"""Counts of paths, aggregated in ClickHouse: the input of the Markov and Shapley models."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from clickhouse_connect.driver.client import Client

from sinks.analysis.attribution.result import NotApplicable, Question, Totals

PATHS: Final = (
    "path_in_window(by={by:String}, lookback_days={lookback_days:Int64}, since={since:String}, until={until:String})"
)
MAX_STEPS: Final = 1_000_000
"""Limit of distinct steps, or sets of values, that are read into this process."""
STEP, CONVERSION, NULL = 0, 1, 2
"""Kinds of steps: between values, and from the last value to the outcome of the path."""

_SETS: Final = f"""
SELECT
    arraySort(arrayDistinct(steps)) AS values,
    count() AS paths,
    countIf(converted) AS conversions,
    sumIf(revenue, converted) AS revenue,
    sumForEach(arrayMap(value -> countEqual(steps, value), values)) AS touches,
    types = ['none'] AS untouched
FROM {PATHS}
GROUP BY values, untouched
ORDER BY values, untouched
LIMIT {{most:UInt32}}
"""
_PRESENCES: Final = f"""
SELECT
    value,
    length(values) AS among,
    count() AS paths,
    countIf(converted) AS conversions,
    sumIf(revenue, converted) AS revenue,
    sum(countEqual(steps, value)) AS touches
FROM (SELECT converted, revenue, steps, arrayDistinct(steps) AS values FROM {PATHS})
ARRAY JOIN values AS value
GROUP BY value, among
ORDER BY value, among
"""


@dataclass(frozen=True, slots=True)
class Steps:
    """Distinct steps of all paths with their count. ``before``: the last values before a step, the nearest first, as
    many as the order, of which the first ``depth`` exist. ``kind``: STEP to ``after``, CONVERSION or NULL."""

    depth: Sequence[int]
    before: Sequence[Sequence[str]]
    kind: Sequence[int]
    after: Sequence[str]
    count: Sequence[int]
    revenue: Decimal

    @property
    def totals(self) -> Totals:
        ends = [(kind, count) for kind, count in zip(self.kind, self.count, strict=True) if kind != STEP]
        return Totals(
            sum(count for _, count in ends),
            sum(count for kind, count in ends if kind == CONVERSION),
            float(self.revenue),
        )


@dataclass(frozen=True, slots=True)
class ValueSet:
    """Paths with the same distinct ``values``, and the ``touches`` of each value.

    ``untouched``: sales without any touch, whose only value is the placeholder of view path_in_window.
    """

    values: Sequence[str]
    paths: int
    conversions: int
    revenue: Decimal
    touches: Sequence[int]
    untouched: bool = False


@dataclass(frozen=True, slots=True)
class Presence:
    """Paths in which ``value`` is one of ``among`` distinct values."""

    value: str
    among: int
    paths: int
    conversions: int
    revenue: Decimal
    touches: int


def read_steps(client: Client, question: Question, order: int) -> Steps:
    """Steps of a chain of this order. :raises NotApplicable: there are more than ``MAX_STEPS`` distinct ones."""
    sql = _steps(order)
    depth, *before, kind, after, count, revenue = _columns(client, sql, question, width=order + 5)
    if len(depth) > MAX_STEPS:
        raise NotApplicable(
            f"there are more than {MAX_STEPS:,} distinct steps by {question.by}: take a lower order, another --by or "
            "a shorter period"
        )
    return Steps(depth, list(zip(*before, strict=True)), kind, after, count, sum(revenue, Decimal(0)))


def read_sets(client: Client, question: Question, most: int) -> list[ValueSet]:
    """Paths by their sets of values, at most ``most`` sets."""
    columns = _columns(client, _SETS, question, width=6, most=most)
    return [ValueSet(*row) for row in zip(*columns, strict=True)]


def read_presences(client: Client, question: Question) -> list[Presence]:
    """The number of paths with a value, by the number of distinct values on the path."""
    columns = _columns(client, _PRESENCES, question, width=6)
    return [Presence(*row) for row in zip(*columns, strict=True)]


def totals_of(presences: Sequence[Presence]) -> Totals:
    """Totals of all paths; a path with n values is counted n times in ``presences``."""
    paths, conversions, revenue = Counter[int](), Counter[int](), Decimal(0)
    for one in presences:
        paths[one.among] += one.paths
        conversions[one.among] += one.conversions
        revenue += one.revenue / one.among
    return Totals(
        sum(met // among for among, met in paths.items()),
        sum(met // among for among, met in conversions.items()),
        float(revenue),
    )


def parameters_of(question: Question) -> dict[str, Any]:
    """Parameters of ``PATHS``."""
    return {
        "by": question.by,
        "lookback_days": question.lookback_days,
        "since": question.since,
        "until": question.until,
    }


def _steps(order: int) -> str:
    """Query of the steps. Position 1 leaves START, position n + 1 the last value. lag_j is the j-th value before the
    step, empty where there is none; depth distinguishes that from an empty value."""
    lags = {
        f"lag_{lag}": f"arraySlice(arrayConcat({[''] * lag}, steps), 1, length(steps) + 1)"
        for lag in range(1, order + 1)
    }
    return f"""
SELECT
    least(position - 1, {order}) AS depth, {", ".join(lags)}, if(position <= n, {STEP}, end) AS kind, next,
    count() AS times, sumIf(revenue, kind = {CONVERSION}) AS revenue
FROM
(
    SELECT steps, length(steps) AS n, if(converted, {CONVERSION}, {NULL}) AS end, revenue
    FROM {PATHS}
)
ARRAY JOIN
    {", ".join(f"{array} AS {lag}" for lag, array in lags.items())},
    arrayConcat(steps, ['']) AS next,
    arrayEnumerate(arrayConcat(steps, [''])) AS position
GROUP BY depth, {", ".join(lags)}, kind, next
ORDER BY ALL
LIMIT {MAX_STEPS + 1}
"""


def _columns(client: Client, sql: str, question: Question, width: int, **more: Any) -> Sequence[Sequence[Any]]:
    found = client.query(sql, parameters=parameters_of(question) | more).result_columns
    return found or [[]] * width
