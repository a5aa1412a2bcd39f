"""Counts of paths, aggregated in ClickHouse: what the Markov and Shapley models are worked out from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from clickhouse_connect.driver.client import Client

from sinks.analysis.attribution.answer import Question, Totals, Unfit

PATHS: Final = (
    "footpath.considered_path(by={by:String}, lookback_days={lookback_days:UInt32}, "
    "since={since:String}, until={until:String})"
)
MOST_STEPS: Final = 1_000_000
"""Different steps of a chain, different sets of values: more than that are not read into this process."""
STEP, CONVERSION, NULL = 0, 1, 2
"""What the last step of a path leads to; between values it is a STEP."""

_SETS: Final = f"""
SELECT
    arraySort(arrayDistinct(steps)) AS values,
    count() AS paths,
    countIf(converted) AS conversions,
    sumIf(revenue, converted) AS revenue,
    sumForEach(arrayMap(value -> countEqual(steps, value), values)) AS touches
FROM {PATHS}
GROUP BY values
ORDER BY values
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
    """Steps of all paths, alike ones counted. ``before``: the last values before a step, the nearest first, as many as
    the order; ``depth`` of them are real. ``kind``: STEP to ``after``, CONVERSION or NULL."""

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
    """Paths with the same distinct ``values``; ``touches`` of each."""

    values: Sequence[str]
    paths: int
    conversions: int
    revenue: Decimal
    touches: Sequence[int]


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
    """Steps as a chain of this order sees them. :raises Unfit: there are more than ``MOST_STEPS`` different ones."""
    sql = _steps(order)
    depth, *before, kind, after, count, revenue = _columns(client, sql, question, width=order + 5)
    if len(depth) > MOST_STEPS:
        raise Unfit(
            f"there are more than {MOST_STEPS:,} different steps by {question.by}: take a lower order, another --by or "
            "a shorter period"
        )
    return Steps(depth, list(zip(*before, strict=True)), kind, after, count, sum(revenue, Decimal(0)))


def read_sets(client: Client, question: Question, most: int) -> list[ValueSet]:
    """Paths by their sets of values, at most so many sets."""
    columns = _columns(client, _SETS, question, width=5, most=most)
    return [ValueSet(*row) for row in zip(*columns, strict=True)]


def read_presences(client: Client, question: Question) -> list[Presence]:
    """In how many paths a value is, and beside how many others."""
    columns = _columns(client, _PRESENCES, question, width=6)
    return [Presence(*row) for row in zip(*columns, strict=True)]


def totals_of(presences: Sequence[Presence]) -> Totals:
    """A path with n values is met n times."""
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


def read_period(client: Client, question: Question) -> tuple[datetime, datetime]:
    """since and until as ClickHouse reads them. :raises Unfit: one is no time, or nothing lies between them."""
    sql = (
        "SELECT parseDateTime64BestEffortOrNull({since:String}, 6, 'UTC'), "
        "parseDateTime64BestEffortOrNull({until:String}, 6, 'UTC')"
    )
    since, until = client.query(sql, parameters={"since": question.since, "until": question.until}).result_rows[0]
    for name, text, time in (("since", question.since, since), ("until", question.until, until)):
        if time is None:
            raise Unfit(f"--{name} {text} is no date or time; write 2026-01-31 or 2026-01-31T18:00:00Z")
    if since >= until:
        raise Unfit(f"--since {question.since} must lie before --until {question.until}")
    return since, until


def parameters_of(question: Question) -> dict[str, Any]:
    """What ``PATHS`` asks for."""
    return {
        "by": question.by,
        "lookback_days": question.lookback_days,
        "since": question.since,
        "until": question.until,
    }


def _steps(order: int) -> str:
    """Position 1 leaves START, position n + 1 the last value. lag_j is the j-th value before the step, empty where
    there is none, which depth tells from a value that is empty itself."""
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
LIMIT {MOST_STEPS + 1}
"""


def _columns(client: Client, sql: str, question: Question, width: int, **more: Any) -> Sequence[Sequence[Any]]:
    found = client.query(sql, parameters=parameters_of(question) | more).result_columns
    return found or [[]] * width
