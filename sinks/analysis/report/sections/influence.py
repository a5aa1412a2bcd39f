"""Conversions with a touch in the physical world that last-click attributes to another one."""

from typing import Final

from sinks.analysis.formatting import count, interval_text, label, leaders, money, names, plural, share, share_in
from sinks.analysis.report.charts import bars, intervals
from sinks.analysis.report.section import CURRENCY, Answer, Drawing, Question, Row, Scope, Section

BY: Final = "placement"
MAX_ROWS: Final = 12
"""Maximum number of rows in a chart; the table has all."""

_PERIOD: Final = f"(by='{BY}', lookback_days=$lookback_days, since='$since', until='$until')"


def _hidden(rows: list[Row], scope: Scope) -> Answer | None:
    total, values = _split(rows)
    if not total["n"]:
        return None
    parts = total["share"], total["share_low"], total["share_high"]
    present = f"{share(*parts)} of the conversions ({interval_text(*parts[1:], parts[0])})"
    n = f"{plural(total['n'], 'conversion')}, {count(total['conversions'])} of them with a touch in the physical world"
    if not total["conversions"]:
        return Answer(f"A touch in the physical world is in {present}.", n)
    return Answer(
        f"A touch in the physical world is in {present}, and last-click gives it nothing in "
        f"{share_in(total['hidden_share'], total['hidden_low'], total['hidden_high'])}, worth "
        f"{money(total['hidden_revenue'], total['currency'])}{_most_hidden(values)}.",
        n,
    )


def _split(rows: list[Row]) -> tuple[Row, list[Row]]:
    """The row of all values, which the view puts first, and the others. A value may be named like it: *."""
    return rows[0], rows[1:]


def _most_hidden(values: list[Row]) -> str:
    hidden = {row["value"]: row["hidden_conversions"] for row in values if row["value"]}
    first = leaders(hidden)
    if not first or not hidden[first[0]]:
        return ""
    what = f"the {BY} that is" if len(first) == 1 else f"the {BY}s that are"
    are, each = ("is", "") if len(first) == 1 else ("are", " each")
    return (
        f"; {what} most often behind another touch {are} {names(map(label, first))} "
        f"({plural(hidden[first[0]], 'conversion')}{each})"
    )


def _draw_hidden(rows: list[Row], width: int) -> Drawing:
    whole, values = _split(rows)
    marks = [
        {
            **row,
            "label": "any of them" if row is whole else label(row["value"]),
            "text": f"{count(row['hidden_conversions'])} of {count(row['conversions'])} hidden",
        }
        for row in [whole, *(row for row in values if row["conversions"])][: MAX_ROWS + 1]
    ]
    return intervals(marks, "label", "hidden_share", "hidden_low", "hidden_high", "text", width)


def _first(rows: list[Row], scope: Scope) -> Answer | None:
    currency = rows[0]["currency"]
    revenue = sum(row["revenue"] for row in rows)
    conversions = sum(row["conversions"] for row in rows)
    by_value = {row["value"]: row["revenue"] for row in rows}
    first = leaders(by_value)
    most = by_value[first[0]]
    part = f" ({share(most / revenue)})" if min(by_value.values()) >= 0 < revenue else ""
    each, opened = ("", "opened the door to most") if len(first) == 1 else (" each", "opened the door to equally much")
    where = [_place(value) for value in first]
    return Answer(
        f"Where a touch in the physical world came first, {names(where)} {opened} revenue: "
        f"{money(most, currency)} of {money(revenue, currency)}{part}{each}."
        if most > 0
        else "Where a touch in the physical world came first, no revenue is left.",
        f"{plural(conversions, 'conversion')} with a touch in the physical world, of {count(rows[0]['n'])}",
    )


def _place(value: str) -> str:
    return f"{BY} {label(value)}" if value else f"touches without a {BY}"


def _draw_first(rows: list[Row], width: int) -> Drawing:
    marks = [
        {
            "label": label(row["value"]),
            "revenue": max(0.0, row["revenue"]),
            "text": f"{money(row['revenue'], row['currency'])} from {plural(row['conversions'], 'conversion')}",
        }
        for row in sorted(rows, key=lambda row: -float(row["revenue"]))[:MAX_ROWS]
    ]
    return bars(marks, "label", "revenue", "text", width)


SECTION: Final = Section(
    id="influence",
    title="What does last-click hide?",
    position=30,
    questions=(
        Question(
            id="hidden",
            text="How often is the physical world present, but not last?",
            reads=("influence",),
            query=f"SELECT *, {CURRENCY}\nFROM influence{_PERIOD}",
            answer=_hidden,
            draw=_draw_hidden,
            how="Share of all conversions whose path has the placement while the last touch is another one, with the "
            "95 % interval (Wilson).",
            nothing="No path of this period that ends in a sale has a touch in the physical world.",
        ),
        Question(
            id="first",
            text="Which place opens the door?",
            reads=("first_offline_touch",),
            query=f"SELECT *, {CURRENCY}\nFROM first_offline_touch{_PERIOD}",
            answer=_first,
            draw=_draw_first,
            how="Revenue net of returns, in the brand's currency, by the placement of the first touch in the physical "
            "world of a path.",
            nothing="No path of this period that ends in a sale has a touch in the physical world.",
        ),
    ),
)
