"""The points that were earned and taken back."""

from typing import Final

from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section, period
from sinks.analysis.report.shapes import bars
from sinks.analysis.words import count, several, share

MOST: Final = 16
"""Bars at most; the table has all."""


def _answer(rows: list[Row], scope: Scope) -> Answer | None:
    earned = sum(row["points"] for row in rows if row["kind"] == "earned")
    if not earned:
        return None
    back = -sum(row["points"] for row in rows if row["kind"] == "reversed")
    best = max((row for row in rows if row["kind"] == "earned"), key=lambda row: int(row["points"]))
    return Answer(
        f"{count(earned)} points were earned and {count(back)} taken back ({share(back / earned)}); "
        f"most came from rule {best['rule']} ({share(best['points'] / earned)}).",
        f"{several(sum(row['entries'] for row in rows), 'entry', 'entries')} of the ledger",
    )


def _draw(rows: list[Row], width: int) -> Drawing:
    told = [
        {
            "rule": row["rule"],
            "kind": row["kind"],
            "points": abs(row["points"]),
            "said": f"{count(row['points'])} points to {several(row['people'], 'person', 'people')}"
            if row["kind"] == "earned"
            else f"{count(row['points'])} points",
        }
        for row in rows[:MOST]
    ]
    return bars(told, "rule", "points", "said", width, "kind", ["earned", "reversed"])


_RULES: Final = f"""
SELECT rule, kind, sum(points) AS points, count() AS entries, uniqExact(person_id) AS people
FROM reward_posted FINAL
WHERE {period("occurred_at")}
GROUP BY rule, kind
ORDER BY abs(points) DESC, rule, kind
"""

SECTION: Final = Section(
    "rewards",
    "What was rewarded?",
    (
        Question(
            id="rules",
            text="How many points did each rule give, and take back?",
            reads=("reward_posted",),
            query=_RULES,
            answer=_answer,
            draw=_draw,
            how="Points by rule; people as they were known when the points were posted.",
            nothing="No points were earned in this period.",
        ),
    ),
)
