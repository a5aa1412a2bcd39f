"""Costs and returns of campaigns."""

from collections import Counter
from typing import Final

from sinks.analysis.formatting import credits, label, money, plural
from sinks.analysis.report.charts import intervals
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section

MODEL: Final = "linear"
MAX_ROWS: Final = 16
"""Maximum number of rows in a chart; the table has all."""
AXIS_FACTOR: Final = 4
"""The axis ends at this multiple of the largest value; longer intervals are cut there."""
WHOLE: Final = "*"
"""Placement of the row of a campaign as a whole."""


def _roi(rows: list[Row], scope: Scope) -> Answer | None:
    whole = [row for row in rows if row["placement"] == WHOLE]
    paid = sorted((row for row in whole if row["roi"] is not None), key=lambda row: -float(row["roi"]))
    if not paid:
        return None
    best, worst = paid[0], paid[-1]
    least = f"; {label(worst['campaign'])} the least, {_percent(worst)}" if len(paid) > 1 else ""
    free = [row for row in whole if row["cost"] == 0 and row["conversions"]]
    notes = [f"{plural(len(free), 'campaign')} with conversions and without any cost: footpath costs brings costs in."]
    return Answer(
        f"Campaign {label(best['campaign'])} returns the most for its money, {_percent(best)}{least}.",
        f"{credits(sum(row['conversions'] for row in paid))} conversions credited to {plural(len(paid), 'campaign')} "
        f"that cost {money(sum(row['cost'] for row in paid))}",
        notes if free else [],
    )


def _percent(row: Row) -> str:
    if row["roi_low"] is None or row["roi_high"] is None:
        return f"{row['roi'] * 100:+,.0f} %, interval unknown"
    return f"{row['roi'] * 100:+,.0f} % ({row['roi_low'] * 100:+,.0f} to {row['roi_high'] * 100:+,.0f} %)"


def _draw_roi(rows: list[Row], width: int) -> Drawing:
    return _intervals([row for row in rows if row["roi"] is not None], "roi", "roi_low", "roi_high", width, "%")


def _incremental(rows: list[Row], scope: Scope) -> Answer | None:
    cost = "cost_per_incremental_conversion"
    whole = [row for row in rows if row["placement"] == WHOLE and row[cost] is not None]
    if not whole:
        return None
    best = min(whole, key=lambda row: float(row[cost]))
    low, high = best["cost_per_incremental_low"], best["cost_per_incremental_high"]
    reach = f"{money(low)} to {'no end' if high is None else money(high)}"
    return Answer(
        f"A conversion that would not have happened anyway is cheapest with {label(best['campaign'])}: "
        f"{money(best[cost])} ({reach}), while each of its conversions cost {money(best['cost_per_conversion'])}.",
        f"{credits(sum(row['conversions'] for row in whole))} conversions credited, of which "
        f"{credits(sum(row['incremental_conversions'] for row in whole))} are incremental by the hold-out",
        ["The hold-out is of all people: its incremental share is the same for every campaign."],
    )


def _draw_incremental(rows: list[Row], width: int) -> Drawing:
    middle = "cost_per_incremental_conversion"
    found = [row for row in rows if row[middle] is not None]
    return _intervals(found, middle, "cost_per_incremental_low", "cost_per_incremental_high", width, ",.2f")


def _intervals(rows: list[Row], middle: str, low: str, high: str, width: int, format: str) -> Drawing:
    ends = AXIS_FACTOR * max(1e-9, *(abs(row[middle]) for row in rows))
    marks = [
        {
            "label": f"{label(row['campaign'])}: "
            + ("all placements" if row["placement"] == WHOLE else label(row["placement"])),
            "middle": row[middle],
            "low": row[low] if row[low] is None else max(row[low], -ends),
            "high": ends if row[high] is None and row[low] is not None else row[high] and min(row[high], ends),
            "text": f"n = {credits(row['conversions'])}, cost {money(row['cost'])}",
        }
        for row in _distinct(rows)[:MAX_ROWS]
    ]
    return intervals(marks, "label", "middle", "low", "high", "text", width, zero=True, format=format)


def _distinct(rows: list[Row]) -> list[Row]:
    """The rows without the only placement of a campaign, whose figures equal those of the whole campaign."""
    lines = Counter(row["campaign"] for row in rows)
    return [row for row in rows if row["placement"] == WHOLE or lines[row["campaign"]] > 2]


_VALUE: Final = f"""
SELECT *
FROM campaign_value(model='{MODEL}', lookback_days=$lookback_days, since='$since', until='$until')
"""
SECTION: Final = Section(
    id="money",
    title="Was it worth its money?",
    position=40,
    questions=(
        Question(
            id="roi",
            text="What does each campaign return?",
            reads=("campaign_value",),
            query=_VALUE,
            answer=_roi,
            draw=_draw_roi,
            how="ROI, revenue less cost over cost, with its 95 % interval (revenue as a compound Poisson sum); n are "
            "credited conversions. An interval that leaves the chart is cut at its edge.",
            nothing="No campaign has a cost in this period: footpath costs or cost_reported events bring it in.",
        ),
        Question(
            id="incremental",
            text="What does a conversion cost that would not have happened anyway?",
            reads=("campaign_value",),
            query=_VALUE,
            answer=_incremental,
            draw=_draw_incremental,
            how="Cost per incremental conversion with the 95 % interval of the hold-out; one without end is cut.",
            nothing="This needs costs and a hold-out with buyers on both sides, one of which is missing here.",
        ),
    ),
)
