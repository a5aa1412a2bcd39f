"""People with decisions compared with the hold-out."""

from typing import Final

from sinks.analysis.formatting import count, interval_text, money, share
from sinks.analysis.report.charts import intervals
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section

HORIZON_DAYS: Final = 28


def _answer(rows: list[Row], scope: Scope) -> Answer | None:
    (row,) = rows
    if not row["answered_people"] or not row["held_out_people"]:
        return None
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
        notes.append(f"{count(row['mixed_people'])} people with decisions of both sorts are left out.")
    if row["revenue_difference"] is not None and row["revenue_difference_low"] is not None:
        notes.append(
            f"Revenue: {money(row['revenue_difference'])} more a person "
            f"({money(row['revenue_difference_low'])} to {money(row['revenue_difference_high'])}, 95 %, Welch)."
        )
    return Answer(
        f"Of those who were answered {share(row['answered_rate'])} bought within {HORIZON_DAYS} days, of those held "
        f"out {share(row['held_out_rate'])}: a difference of {row['difference'] * 100:+.1f} points "
        f"({low * 100:+.1f} to {high * 100:+.1f}), {meaning}.",
        f"{count(row['answered_people'])} people answered, {count(row['held_out_people'])} held out",
        notes,
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
            query=f"SELECT *\nFROM uplift(since='$since', until='$until', horizon_days={HORIZON_DAYS})",
            answer=_answer,
            draw=_draw,
            how="Share of people who bought, with its 95 % interval (Wilson); the difference's interval is Newcombe's.",
            nothing="Nobody was held out in this period: without a hold-out (about.holdout of the brand) it is unknown "
            "what would have happened anyway.",
        ),
    ),
)
