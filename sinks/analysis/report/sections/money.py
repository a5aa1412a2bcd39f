"""Costs and returns of campaigns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from sinks.analysis.formatting import credits, join_words, label, leaders, money, names, percent_change, plural
from sinks.analysis.report.charts import intervals
from sinks.analysis.report.section import CURRENCY, Answer, Drawing, Question, Row, Scope, Section

MODEL: Final = "linear"
MAX_ROWS: Final = 16
"""Maximum number of rows in a chart; the table has all."""
AXIS_FACTOR: Final = 4
"""The axis ends at this multiple of the largest value; longer intervals are cut there."""


def _roi(rows: list[Row], scope: Scope) -> Answer | str | None:
    whole = [row for row in rows if row["is_whole"]]
    currency = whole[0]["currency"]
    notes = _other_costs(whole)
    paid = {row["campaign"]: row for row in whole if row["roi"] is not None}
    if not paid:
        return f"No campaign has a cost in {currency} in this period. {notes[0]}" if notes else None
    if free := [row for row in whole if row["cost"] == 0 and row["conversions"] and not row["other_costs"]]:
        notes.append(
            f"{plural(len(free), 'campaign')} with conversions and without any cost: footpath costs brings costs in."
        )
    return Answer(
        _best_and_worst(paid),
        f"{credits(sum(row['conversions'] for row in paid.values()))} conversions credited to "
        f"{plural(len(paid), 'campaign')} that cost {money(sum(row['cost'] for row in paid.values()), currency)}",
        notes,
    )


def _best_and_worst(paid: Mapping[str, Row]) -> str:
    best = leaders({campaign: row["roi"] for campaign, row in paid.items()})
    worst = leaders({campaign: -row["roi"] for campaign, row in paid.items()})
    if len(paid) > 1 and best == worst:
        return f"All {len(paid)} campaigns with a cost return the same for their money, {_percent(paid[best[0]])}."
    most = (
        f"Campaign {label(best[0])} returns the most for its money"
        if len(best) == 1
        else f"Campaigns {names(map(label, best))} return the most for their money"
    )
    least = f"; {names(map(label, worst))} the least, {_percent(paid[worst[0]])}" if len(paid) > 1 else ""
    return f"{most}, {_percent(paid[best[0]])}{least}."


def _other_costs(whole: Sequence[Row]) -> list[str]:
    """What campaigns cost in other currencies, which revenue is not compared with."""
    totals: dict[str, float] = {}
    for row in whole:
        for code, amount in row["other_costs"].items():
            totals[code] = totals.get(code, 0.0) + amount
    if not totals:
        return []
    spent = join_words(money(totals[code], code) for code in sorted(totals))
    return [f"Not in these figures: costs of {spent}, since currencies do not add up."]


def _percent(row: Row) -> str:
    if row["roi_low"] is None or row["roi_high"] is None:
        return f"{percent_change(row['roi'])}, interval unknown"
    return f"{percent_change(row['roi'])} ({percent_change(row['roi_low'])} to {percent_change(row['roi_high'])})"


def _draw_roi(rows: list[Row], width: int) -> Drawing:
    return _intervals([row for row in rows if row["roi"] is not None], "roi", "roi_low", "roi_high", width, "%")


def _incremental(rows: list[Row], scope: Scope) -> Answer | str | None:
    cost = "cost_per_incremental_conversion"
    paid = [row for row in rows if row["is_whole"] and row["cost"] > 0 and row["conversions"]]
    whole = {row["campaign"]: row for row in paid if row[cost] is not None}
    if not whole:
        known = [row for row in paid if row["incremental_conversions"] is not None]
        return NONE_INCREMENTAL if known else None
    currency = paid[0]["currency"]
    first = leaders({campaign: -row[cost] for campaign, row in whole.items()})
    best = whole[first[0]]
    high = best["cost_per_incremental_high"]
    reach = (
        f"{money(best['cost_per_incremental_low'], currency)} to {'no end' if high is None else money(high, currency)}"
    )
    costs = f"{money(best[cost], currency)} ({reach})"
    each = f"each of its conversions cost {money(best['cost_per_conversion'], currency)}"
    if len(first) > 1:
        price = f"is equally cheap with {names(map(label, first))}: {costs}"
    else:
        price = f"is cheapest with {label(first[0])}: {costs}, while {each}"
    return Answer(
        f"A conversion that would not have happened anyway {price}.",
        f"{credits(sum(row['conversions'] for row in whole.values()))} conversions credited, of which "
        f"{credits(sum(row['incremental_conversions'] for row in whole.values()))} are incremental by the hold-out",
        ["The hold-out is of all people: its incremental share is the same for every campaign.", *_other_costs(paid)],
    )


NONE_INCREMENTAL: Final = (
    "By the hold-out no conversion is incremental: people who were answered bought no more often than those held out."
)


def _draw_incremental(rows: list[Row], width: int) -> Drawing:
    middle = "cost_per_incremental_conversion"
    found = [row for row in rows if row[middle] is not None]
    return _intervals(found, middle, "cost_per_incremental_low", "cost_per_incremental_high", width, ",.2f")


def _intervals(rows: list[Row], middle: str, low: str, high: str, width: int, format: str) -> Drawing:
    ends = AXIS_FACTOR * max(1e-9, *(abs(row[middle]) for row in rows))
    marks = [
        {
            "label": f"{label(row['campaign'])}: " + ("all placements" if row["is_whole"] else label(row["placement"])),
            "middle": row[middle],
            "low": row[low] if row[low] is None else max(row[low], -ends),
            "high": ends if row[high] is None and row[low] is not None else row[high] and min(row[high], ends),
            "text": f"n = {credits(row['conversions'])}, cost {money(row['cost'], row['currency'])}",
        }
        for row in _distinct(rows)[:MAX_ROWS]
    ]
    return intervals(marks, "label", "middle", "low", "high", "text", width, zero=True, format=format)


def _distinct(rows: list[Row]) -> list[Row]:
    """The rows without the only placement of a campaign, whose figures equal those of the whole campaign."""
    lines = Counter(row["campaign"] for row in rows)
    return [row for row in rows if row["is_whole"] or lines[row["campaign"]] > 2]


_VALUE: Final = f"""
SELECT *, {CURRENCY}
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
            nothing="No campaign has a cost above zero in this period: footpath costs or cost_reported events bring it "
            "in.",
        ),
        Question(
            id="incremental",
            text="What does a conversion cost that would not have happened anyway?",
            reads=("campaign_value",),
            query=_VALUE,
            answer=_incremental,
            draw=_draw_incremental,
            how="Cost per incremental conversion with the 95 % interval of the hold-out; one without end is cut.",
            nothing="This needs conversions of campaigns with a cost, and a hold-out with buyers on both sides; one of "
            "them is missing here.",
        ),
    ),
)
