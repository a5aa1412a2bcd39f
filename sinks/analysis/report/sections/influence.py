"""Conversions with a touch in the physical world that last-click attributes to another one."""

from typing import Final

from sinks.analysis.formatting import NO_VALUE, count, interval_text, label, money, plural, share
from sinks.analysis.report.charts import bars, intervals
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section

BY: Final = "placement"
MAX_ROWS: Final = 12
"""Maximum number of rows in a chart; the table has all."""

_PERIOD: Final = f"(by='{BY}', lookback_days=$lookback_days, since='$since', until='$until')"


def _hidden(rows: list[Row], scope: Scope) -> Answer | None:
    total = next((row for row in rows if row["value"] == "*"), None)
    if total is None or not total["n"]:
        return None
    best = max((row for row in rows if row["value"] != "*"), key=lambda row: int(row["hidden_conversions"]))
    most = (
        f"; the {BY} that is most often behind another touch is {label(best['value'])} "
        f"({plural(best['hidden_conversions'], 'conversion')})"
        if best["hidden_conversions"] and label(best["value"]) != NO_VALUE
        else ""
    )
    return Answer(
        f"A touch in the physical world is in {share(total['share'])} of the conversions "
        f"({interval_text(total['share_low'], total['share_high'])}), and last-click gives it nothing in "
        f"{share(total['hidden_share'])} ({interval_text(total['hidden_low'], total['hidden_high'])}), worth "
        f"{money(total['hidden_revenue'])}{most}.",
        f"{count(total['n'])} conversions, {count(total['conversions'])} of them with a touch in the physical world",
    )


def _draw_hidden(rows: list[Row], width: int) -> Drawing:
    marks = [
        {
            **row,
            "label": "any of them" if row["value"] == "*" else label(row["value"]),
            "text": f"{count(row['hidden_conversions'])} of {count(row['conversions'])} hidden",
        }
        for row in [row for row in rows if row["conversions"]][: MAX_ROWS + 1]
    ]
    return intervals(marks, "label", "hidden_share", "hidden_low", "hidden_high", "text", width)


def _first(rows: list[Row], scope: Scope) -> Answer | None:
    top = max(rows, key=lambda row: float(row["revenue"]))
    revenue = sum(row["revenue"] for row in rows)
    conversions = sum(row["conversions"] for row in rows)
    part = f" ({share(top['revenue'] / revenue)})" if revenue else ""
    return Answer(
        f"Where a touch in the physical world came first, {BY} {label(top['value'])} opened the door to most revenue: "
        f"{money(top['revenue'])} of {money(revenue)}{part}.",
        f"{count(conversions)} conversions with a touch in the physical world, of {count(top['n'])}",
    )


def _draw_first(rows: list[Row], width: int) -> Drawing:
    marks = [
        {
            "label": label(row["value"]),
            "revenue": row["revenue"],
            "text": f"{money(row['revenue'])} from {plural(row['conversions'], 'conversion')}",
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
            query=f"SELECT *\nFROM influence{_PERIOD}",
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
            query=f"SELECT *\nFROM first_offline_touch{_PERIOD}",
            answer=_first,
            draw=_draw_first,
            how="Revenue net of returns by the placement of the first touch in the physical world of a path.",
            nothing="No path of this period that ends in a sale has a touch in the physical world.",
        ),
    ),
)
