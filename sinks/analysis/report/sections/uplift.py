"""What answers are worth beside the hold-out."""

from typing import Final

from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section
from sinks.analysis.report.shapes import intervals
from sinks.analysis.words import between, count, money, share

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
    told = [
        {
            "label": label,
            "rate": row[f"{side}_rate"],
            "low": row[f"{side}_low"],
            "high": row[f"{side}_high"],
            "said": f"{count(row[f'{side}_buyers'])} of {count(row[f'{side}_people'])} "
            f"({between(row[f'{side}_low'], row[f'{side}_high'])})",
        }
        for label, side in (("answered", "answered"), ("held out", "held_out"))
    ]
    return intervals(told, "label", "rate", "low", "high", "said", width)


SECTION: Final = Section(
    "uplift",
    "What would have happened anyway?",
    (
        Question(
            id="holdout",
            text="Do people buy more when they are answered?",
            reads=("uplift",),
            query=f"SELECT *\nFROM uplift(since='$since', until='$until', horizon_days={HORIZON_DAYS})",
            answer=_answer,
            draw=_draw,
            how="Share of people who bought, with its 95 % interval (Wilson); the difference's interval is Newcombe's.",
            nothing="Nobody was held out in this period: without a hold-out (about.holdout of the brand) nobody can "
            "say what would have happened anyway.",
        ),
    ),
)
