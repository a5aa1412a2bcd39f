"""The paths of people with and without a conversion."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from sinks.analysis.formatting import count, hours, interval_text, names, path_text, plural, share, share_in
from sinks.analysis.intervals import wilson
from sinks.analysis.report.charts import bars, columns
from sinks.analysis.report.section import CURRENCY, Answer, Drawing, Question, Row, Scope, Section

LONGEST: Final = 15
"""Paths with at least this number of touches share a column."""
MAX_PATHS: Final = 12
SPANS: Final = {
    0: "≤ 1 h",
    1: "1–6 h",
    6: "6–24 h",
    24: "1–3 d",
    72: "3–7 d",
    168: "1–2 w",
    336: "2–4 w",
    672: "4–8 w",
    1344: "> 8 w",
}
"""Column labels by the hours after which they begin; a column includes its end."""
DAY_H: Final = 24

_PATHS: Final = "path_in_window(by='channel', lookback_days=$lookback_days, since='$since', until='$until')"


def _frequent(rows: list[Row], scope: Scope) -> Answer | None:
    top = rows[0]
    if not top["all_conversions"]:
        return None
    part = share(top["conversions"] / top["all_conversions"])
    first = [path_text(row["channels"]) for row in rows if row["conversions"] == top["conversions"]]
    if len(first) > 1:
        sentence = (
            f"The most frequent paths of conversions are {names(first, top['equally_frequent'])}: {part} of them each."
        )
    else:
        converts = share_in(top["conversions"] / top["paths"], *wilson(top["conversions"], top["paths"]))
        # Without a touch there is no path unless there is a sale.
        rate = f"; of all with this path {converts} convert" if top["channels"] else ""
        sentence = f"The most frequent path of conversions is {first[0]}: {part} of them{rate}."
    return Answer(
        sentence, f"{plural(top['all_paths'], 'path')}, {count(top['all_conversions'])} of them with a conversion"
    )


def _draw_frequent(rows: list[Row], width: int) -> Drawing:
    marks = [
        {
            "path": path_text(row["channels"]),
            "conversions": row["conversions"],
            "text": f"{count(row['conversions'])} of {count(row['paths'])} "
            f"({interval_text(*wilson(row['conversions'], row['paths']))})",
        }
        for row in rows
        if row["conversions"]
    ]
    return bars(marks, "path", "conversions", "text", width)


def _lengths(rows: list[Row], scope: Scope) -> Answer | None:
    converted = {row["touches"]: row["conversions"] for row in rows if row["conversions"]}
    conversions = sum(converted.values())
    if not conversions:
        return None
    several = sum(number for touches, number in converted.items() if touches > 1)
    half = next(touches for touches in converted if _up_to(touches, converted) * 2 >= conversions)
    if len(converted) == 1:
        which, touches = ("The one conversion takes" if conversions == 1 else "All conversions take"), _touches(half)
    else:
        which, touches = "Half of the conversions take", _touches(half) + (" or fewer" if half else "")
    differ = (
        f"{share(several / conversions)} take more than one, which is where models can differ"
        if several
        else "none takes more than one, so that first, last and shared credits are the same"
    )
    return Answer(
        f"{which} {touches}; {differ}.",
        f"{plural(conversions, 'conversion')}, {plural(sum(row['paths'] for row in rows), 'path')}",
    )


def _up_to(touches: int, converted: Mapping[int, int]) -> int:
    """The conversions with so many touches or fewer."""
    return sum(number for length, number in converted.items() if length <= touches)


def _touches(number: int) -> str:
    return plural(number, "touch", "touches") if number else "no touch"


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
    half, all_ = hours(rows[0]["median_h"]), hours(rows[0]["longest_h"])
    which = "Half of the conversions come" if half != all_ else "All conversions come"
    return Answer(
        f"{which if conversions > 1 else 'The one conversion comes'} within {half} of the first touch, "
        f"{share(rows[0]['within_a_day'] / conversions)} within a day.",
        f"{plural(conversions, 'conversion')} with a touch",
    )


def _draw_times(rows: list[Row], width: int) -> Drawing:
    found = {int(row["from_h"]): row["conversions"] for row in rows}
    marks = [{"span": span, "conversions": found.get(first, 0)} for first, span in SPANS.items()]
    return columns(marks, "span", "conversions", width, "from the first touch to the conversion", [*SPANS.values()])


_FREQUENT: Final = f"""
SELECT
    if(types = ['none'], [], arrayCompact(steps)) AS channels,
    count() AS paths,
    countIf(converted) AS conversions,
    sum(path.revenue) AS revenue,
    {CURRENCY},
    sum(count()) OVER () AS all_paths,
    sum(countIf(converted)) OVER () AS all_conversions,
    count() OVER (PARTITION BY countIf(converted)) AS equally_frequent
FROM {_PATHS} AS path
GROUP BY channels
ORDER BY conversions DESC, paths DESC, channels
LIMIT {MAX_PATHS}
"""
_LENGTHS: Final = f"""
SELECT if(types = ['none'], 0, length(steps)) AS touches, count() AS paths, countIf(converted) AS conversions
FROM {_PATHS}
GROUP BY touches
ORDER BY touches
"""
_BEGINS: Final = f"multiIf({', '.join(f'age <= {end}, {begin}' for begin, end in pairwise(SPANS))}, {max(SPANS)})"
_TIMES: Final = f"""
SELECT columns.1 AS from_h, columns.2 AS conversions, median_h, longest_h, within_a_day
FROM
(
    WITH ages_h[1] AS age
    SELECT
        sumMap([{_BEGINS}], [1]) AS counted,
        quantileExactLow(0.5)(age) AS median_h,
        max(age) AS longest_h,
        countIf(age <= {DAY_H}) AS within_a_day
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
            how="Conversions by the time since the first touch of their path; a column begins after from_h hours and "
            "includes its end.",
            nothing="No sale of this period has a touch before it.",
        ),
    ),
)
