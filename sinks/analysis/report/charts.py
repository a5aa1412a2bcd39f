"""Charts that several sections use. Each fits a width in pixels, and is readable on a phone."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from sinks.analysis.formatting import OTHER
from sinks.analysis.report.section import Drawing, Row
from sinks.analysis.report.theme import COLOURS, FAINT, INK, OTHERS

NARROW_BELOW: Final = 500
LETTER: Final = 6.6
"""Mean width of a letter of chart text, in pixels."""
COUNTS: Final = alt.Axis(format=",d", tickCount=5, tickMinStep=1)
TIMES: Final = {
    "seconds": ":%S",
    "minutes": "%H:%M",
    "hours": "%H:%M",
    "date": "%-d %b",
    "week": "%-d %b",
    "month": "%b %Y",
    "quarter": "%b %Y",
    "year": "%Y",
}
"""Format of a time on an axis, by the unit that it begins."""


def narrow(width: int) -> bool:
    """Whether the chart is for a phone."""
    return width < NARROW_BELOW


def data(rows: list[Row]) -> alt.InlineData:
    """Rows as the data of a chart."""
    return alt.InlineData(values=rows)


def fitted(chart: alt.Chart | alt.LayerChart | alt.FacetChart, width: int, height: int | alt.Step = 220) -> Drawing:
    """The chart with everything including labels inside the width; the height, in pixels, is that of the plot area."""
    size = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(width=width, height=height, autosize=size)


def colours(field: str, values: Sequence[str], width: int) -> alt.Color:
    """A colour for each value in this order; the last one is grey when it stands for all others."""
    chosen = [OTHERS if value == OTHER else COLOURS[i % len(COLOURS)] for i, value in enumerate(values)]
    legend = alt.Legend(columns=2 if narrow(width) else 6)
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=list(values), range=chosen), legend=legend)


def bars(
    rows: list[Row], label: str, value: str, text: str, width: int, colour: str = "", order: Sequence[str] = ()
) -> Drawing:
    """One bar per row in the order of the rows, from zero, with a text at its end.

    :param label: field of the name above the bar: names may be long.
    :param value: field of its length, not below zero.
    :param text: field of the text at the end.
    :param colour: field that colours the bars, in the order of `order`.
    """
    numbered = [{**row, "_at": i} for i, row in enumerate(rows)]
    base = alt.Chart(data(numbered)).encode(y=alt.Y("_at:O", axis=None))
    span = [0, _end(rows, value, text, width)]
    across = alt.X(f"{value}:Q", axis=None, scale=alt.Scale(domain=span, nice=False))
    bar = base.mark_bar(height=12, yOffset=7).encode(x=across)
    bar = bar.encode(color=colours(colour, order, width) if colour else alt.value(COLOURS[0]))
    over = base.mark_text(align="left", dy=-8, limit=width - 20).encode(x=alt.value(0), text=f"{label}:N")
    end = base.mark_text(align="left", dx=5, dy=7, color=FAINT[0]).encode(x=across, text=f"{text}:N")
    return fitted(alt.layer(bar, over, end), width, alt.Step(34))


def _end(rows: list[Row], value: str, text: str, width: int) -> float:
    """End of a scale from zero so that each bar leaves room for its text, and bars get at least a quarter of the
    width."""
    room = [max(width / 4, width - 16 - LETTER * len(row[text])) / width for row in rows]
    return max(1e-9, *(float(row[value]) / part for row, part in zip(rows, room, strict=True)))


def over_time(rows: list[Row], series: Sequence[str], width: int) -> Drawing:
    """Counts over time, stacked in the order of series. Rows have at and to (ISO 8601, UTC), series and count."""
    heights: dict[str, float] = {}
    stacked = []
    for row in sorted(rows, key=lambda row: series.index(row["series"])):
        low = heights.get(row["at"], 0)
        heights[row["at"]] = low + row["count"]
        stacked.append({**row, "low": low, "high": low + row["count"]})
    across = alt.Axis(tickCount=4 if narrow(width) else 8, format=TIMES)
    chart = (
        alt.Chart(data(stacked))
        .mark_rect(x2Offset=-1 if len(heights) < width / 6 else 0)
        .encode(
            x=alt.X("at:T", scale=alt.Scale(type="utc"), title=None, axis=across),
            x2="to:T",
            y=alt.Y("low:Q", title=None, axis=COUNTS),
            y2="high:Q",
            color=colours("series", series, width),
        )
    )
    return fitted(chart, width)


def columns(
    rows: list[Row], label: str, value: str, width: int, title: str, order: Sequence[Any], colour: str = ""
) -> Drawing:
    """One column per step of an ordered scale, e.g. a histogram.

    :param order: of the labels, from left to right.
    :param colour: field whose values are stacked in one column, the first one at the bottom.
    """
    across = alt.X(f"{label}:O", sort=list(order), title=title, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    stacks = list(dict.fromkeys(row.get(colour, "") for row in rows))
    ranked = [{**row, "_rank": stacks.index(row.get(colour, ""))} for row in rows]
    chart = (
        alt.Chart(data(ranked))
        .mark_bar()
        .encode(x=across, y=alt.Y(f"{value}:Q", title=None, axis=COUNTS), order=alt.Order("_rank:Q"))
    )
    painted = colours(colour, stacks, width) if colour else alt.value(COLOURS[0])
    return fitted(chart.encode(color=painted), width)


def intervals(
    rows: list[Row],
    label: str,
    middle: str,
    low: str,
    high: str,
    text: str,
    width: int,
    zero: bool = False,
    format: str = "%",
) -> Drawing:
    """One point with its interval per row, name above, text on the right.

    :param zero: whether a line marks zero.
    :param format: of the axis, as in d3-format.
    """
    numbered = [{**row, "_at": i} for i, row in enumerate(rows)]
    whole = [row for row in numbered if row[low] is not None and row[high] is not None]
    base = alt.Chart(data(numbered)).encode(y=alt.Y("_at:O", axis=None))
    across = alt.X(f"{middle}:Q", title=None, axis=alt.Axis(format=format, tickCount=4 if narrow(width) else 7))
    span = alt.Chart(data(whole)).encode(y=alt.Y("_at:O", axis=None))
    room = max(width / 4, width - 20 - LETTER * max(len(row[text]) for row in rows))
    layers = [
        span.mark_rule(strokeWidth=3, yOffset=7, color=COLOURS[0]).encode(x=f"{low}:Q", x2=f"{high}:Q"),
        base.mark_point(filled=True, size=90, yOffset=7, opacity=1, color=INK[0]).encode(x=across),
        base.mark_text(align="left", dy=-9, limit=room).encode(x=alt.value(0), text=f"{label}:N"),
        base.mark_text(align="right", dy=-9, color=FAINT[0]).encode(x=alt.value("width"), text=f"{text}:N"),
    ]
    if zero:
        line = alt.Chart(data([{"zero": 0}])).mark_rule(strokeDash=[4, 3]).encode(x="zero:Q")
        layers.insert(0, line)
    return fitted(alt.layer(*layers), width, alt.Step(40))
