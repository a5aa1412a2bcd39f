"""The paths of people with and without a conversion."""

from typing import Final

from sinks.analysis.formatting import count, hours, interval_text, label, plural, share
from sinks.analysis.intervals import wilson
from sinks.analysis.report.charts import bars, columns
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section

LONGEST: Final = 15
"""Paths with at least this number of touches share a column."""
MAX_PATHS: Final = 12
SPANS: Final = {
    0: "< 1 h",
    1: "1–6 h",
    6: "6–24 h",
    24: "1–3 d",
    72: "3–7 d",
    168: "1–2 w",
    336: "2–4 w",
    672: "4–8 w",
    1344: "≥ 8 w",
}
"""Column labels by their first hour."""

_PATHS: Final = "path_in_window(by='channel', lookback_days=$lookback_days, since='$since', until='$until')"


def _frequent(rows: list[Row], scope: Scope) -> Answer | None:
    top = rows[0]
    if not top["all_conversions"]:
        return None
    rate = top["conversions"] / top["paths"]
    return Answer(
        f"Most conversions have the path {_path(top)}: {share(top['conversions'] / top['all_conversions'])} of them; "
        f"of all with this path {share(rate)} convert ({interval_text(*wilson(top['conversions'], top['paths']))}).",
        f"{count(top['all_paths'])} paths, {count(top['all_conversions'])} of them with a conversion",
    )


def _draw_frequent(rows: list[Row], width: int) -> Drawing:
    marks = [
        {
            "path": _path(row),
            "conversions": row["conversions"],
            "text": f"{count(row['conversions'])} of {count(row['paths'])} "
            f"({interval_text(*wilson(row['conversions'], row['paths']))})",
        }
        for row in rows
        if row["conversions"]
    ]
    return bars(marks, "path", "conversions", "text", width)


def _path(row: Row) -> str:
    return " › ".join(label(step) for step in row["channel_path"].split(" > "))


def _lengths(rows: list[Row], scope: Scope) -> Answer | None:
    conversions = sum(row["conversions"] for row in rows)
    if not conversions:
        return None
    one = sum(row["conversions"] for row in rows if row["touches"] <= 1)
    half, passed = 0, 0
    for row in rows:
        passed += row["conversions"]
        if passed * 2 >= conversions:
            half = row["touches"]
            break
    return Answer(
        f"Half of the conversions take {plural(half, 'touch') if half == 1 else f'{half} touches'} or fewer; "
        f"{share(1 - one / conversions)} take more than one, which is where models can differ.",
        f"{count(conversions)} conversions, {count(sum(row['paths'] for row in rows))} paths",
    )


def _draw_lengths(rows: list[Row], width: int) -> Drawing:
    parts: dict[tuple[int, str], int] = {}
    for row in rows:
        touches = min(row["touches"], LONGEST)
        for what, number in (("bought", row["conversions"]), ("did not buy", row["paths"] - row["conversions"])):
            parts[touches, what] = parts.get((touches, what), 0) + number
    marks = [
        {"touches": _length(touches), "what": what, "paths": number}
        for (touches, what), number in sorted(parts.items())
    ]
    order = [_length(touches) for touches in range(LONGEST + 1)]
    return columns(marks, "touches", "paths", width, "touches on the path", order, "what")


def _length(touches: int) -> str:
    return f"{touches}+" if touches == LONGEST else str(touches)


def _times(rows: list[Row], scope: Scope) -> Answer | None:
    conversions = sum(row["conversions"] for row in rows)
    within = sum(row["conversions"] for row in rows if row["from_h"] < 24)
    return Answer(
        f"Half of the conversions come within {hours(rows[0]['median_h'])} of the first touch, "
        f"{share(within / conversions)} within a day.",
        f"{count(conversions)} conversions with a touch",
    )


def _draw_times(rows: list[Row], width: int) -> Drawing:
    found = {int(row["from_h"]): row["conversions"] for row in rows}
    marks = [{"span": span, "conversions": found.get(first, 0)} for first, span in SPANS.items()]
    return columns(marks, "span", "conversions", width, "from the first touch to the conversion", [*SPANS.values()])


_FREQUENT: Final = f"""
SELECT
    arrayStringConcat(arrayCompact(steps), ' > ') AS channel_path,
    count() AS paths,
    countIf(converted) AS conversions,
    sum(path.revenue) AS revenue,
    sum(count()) OVER () AS all_paths,
    sum(countIf(converted)) OVER () AS all_conversions
FROM {_PATHS} AS path
GROUP BY channel_path
ORDER BY conversions DESC, paths DESC, channel_path
LIMIT {MAX_PATHS}
"""
_LENGTHS: Final = f"""
SELECT if(types = ['none'], 0, length(steps)) AS touches, count() AS paths, countIf(converted) AS conversions
FROM {_PATHS}
GROUP BY touches
ORDER BY touches
"""
_TIMES: Final = f"""
SELECT columns.1 AS from_h, columns.2 AS conversions, median_h
FROM
(
    SELECT
        sumMap([roundDown(ages_h[1], {[*SPANS]})], [1]) AS counted,
        quantileExact(0.5)(ages_h[1]) AS median_h
    FROM {_PATHS}
    WHERE converted AND types != ['none']
)
ARRAY JOIN arrayZip(counted.1, counted.2) AS columns
ORDER BY from_h
"""

SECTION: Final = Section(
    id="paths",
    title="Which paths do people take?",
    position=60,
    questions=(
        Question(
            id="frequent",
            text="Which paths lead to a conversion most often?",
            reads=("path_in_window",),
            query=_FREQUENT,
            answer=_frequent,
            draw=_draw_frequent,
            how="Conversions, and all paths with the same channels; in brackets the 95 % interval of the share that "
            "converts (Wilson). A channel that follows itself counts once.",
            nothing="No path of this period ends in a sale.",
        ),
        Question(
            id="lengths",
            text="How many touches does a path have?",
            reads=("path_in_window",),
            query=_LENGTHS,
            answer=_lengths,
            draw=_draw_lengths,
            how=f"Paths by their touches within the look-back; the last column has those with {LONGEST} or more.",
            nothing="No path of this period ends in a sale.",
        ),
        Question(
            id="times",
            text="How long does it take to convert?",
            reads=("path_in_window",),
            query=_TIMES,
            answer=_times,
            draw=_draw_times,
            how="Conversions by the time since the first touch of their path; from_h is a column's first hour.",
            nothing="No sale of this period has a touch before it.",
        ),
    ),
)
