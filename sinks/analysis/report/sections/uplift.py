"""People with decisions compared with the hold-out."""

from typing import Final

from sinks.analysis.formatting import count, interval_text, money, plural, points, share
from sinks.analysis.report.charts import intervals
from sinks.analysis.report.section import CURRENCY, Answer, Drawing, Question, Row, Scope, Section

HORIZON_DAYS: Final = 28


def _answer(rows: list[Row], scope: Scope) -> Answer | str | None:
    (row,) = rows
    if not (row["answered_people"] and row["held_out_people"]):
        return _one_sided(row)
    low, high = row["difference_low"], row["difference_high"]
    meaning = (
        "which may be chance"
        if low <= 0 <= high
        else "more than chance"
        if low > 0
        else "less, and that is more than chance"
    )
    notes = []
    if row["mixed_people"]:
        are = "is" if row["mixed_people"] == 1 else "are"
        notes.append(f"{plural(row['mixed_people'], 'person', 'people')} with decisions of both sorts {are} left out.")
    if row["revenue_difference"] is not None and row["revenue_difference_low"] is not None:
        notes.append(_revenue(row))
    rates = row["answered_rate"], row["held_out_rate"]
    ends = row["difference"], low, high
    return Answer(
        f"Of those who were answered {share(*rates)} bought within {HORIZON_DAYS} days, of those held "
        f"out {share(*reversed(rates))}: a difference of {points(ends[0], *ends, *rates)} points "
        f"({points(low, *ends, *rates)} to {points(high, *ends, *rates)}), {meaning}.",
        f"{plural(row['answered_people'], 'person', 'people')} answered, {count(row['held_out_people'])} held out",
        notes,
    )


def _one_sided(row: Row) -> str | None:
    """Why there is nothing to compare, where there was a hold-out."""
    if not (row["answered_people"] or row["held_out_people"] or row["mixed_people"]):
        return None
    answered, held_out = (plural(row[f"{side}_people"], "person", "people") for side in ("answered", "held_out"))
    mixed = plural(row["mixed_people"], "person", "people")
    return (
        f"There is nobody to compare with in this period: {answered} always answered, {held_out} always held out, "
        f"{mixed} with decisions of both sorts."
    )


def _revenue(row: Row) -> str:
    low, middle, high = (row[f"revenue_difference{end}"] for end in ("_low", "", "_high"))
    more = "less" if middle < 0 else "more"
    return (
        f"Revenue: {money(abs(middle), row['currency'])} {more} a person, the difference being "
        f"{money(low, row['currency'])} to {money(high, row['currency'])} (95 %, Welch)."
    )


def _draw(rows: list[Row], width: int) -> Drawing:
    (row,) = rows
    marks = [
        {
            "label": label,
            "rate": row[f"{side}_rate"],
            "low": row[f"{side}_low"],
            "high": row[f"{side}_high"],
            "text": f"{count(row[f'{side}_buyers'])} of {count(row[f'{side}_people'])} "
            f"({interval_text(row[f'{side}_low'], row[f'{side}_high'])})",
        }
        for label, side in (("answered", "answered"), ("held out", "held_out"))
    ]
    return intervals(marks, "label", "rate", "low", "high", "text", width)


SECTION: Final = Section(
    id="uplift",
    title="What would have happened anyway?",
    position=50,
    questions=(
        Question(
            id="holdout",
            text="Do people buy more when they are answered?",
            reads=("uplift",),
            query=f"SELECT *, {CURRENCY}\nFROM uplift(since='$since', until='$until', horizon_days={HORIZON_DAYS})",
            answer=_answer,
            draw=_draw,
            how="Share of people who bought, with its 95 % interval (Wilson); the difference's interval is Newcombe's. "
            "The days count from a person's first decision; those that are not over yet count as far as they have "
            "passed.",
            nothing="Nobody was held out in this period: without a hold-out (about.holdout of the brand) it is unknown "
            "what would have happened anyway.",
        ),
    ),
)
