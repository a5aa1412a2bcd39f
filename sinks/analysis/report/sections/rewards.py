"""Points earned and reversed."""

from typing import Final

from sinks.analysis.formatting import count, label, leaders, names, plural, share
from sinks.analysis.report.charts import bars
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section, period

MAX_BARS: Final = 16
"""Maximum number of bars; the table has all."""


def _answer(rows: list[Row], scope: Scope) -> Answer | str | None:
    by_rule = {row["rule"]: row["points"] for row in rows if row["kind"] == "earned"}
    earned = sum(by_rule.values())
    back = -sum(row["points"] for row in rows if row["kind"] == "reversed")
    if not earned:
        return f"No points were earned in this period, {count(back)} of earlier ones were reversed." if back else None
    first = leaders(by_rule)
    rules = "rule" if len(first) == 1 else "each of the rules"
    return Answer(
        f"{plural(earned, 'point was', 'points were')} earned and {count(back)} reversed ({share(back / earned)}); "
        f"most came from {rules} {names(map(label, first))} ({share(by_rule[first[0]] / earned)}).",
        f"{plural(sum(row['entries'] for row in rows), 'entry', 'entries')} of the ledger",
    )


def _draw(rows: list[Row], width: int) -> Drawing:
    marks = [
        {
            "rule": row["rule"],
            "kind": row["kind"],
            "points": abs(row["points"]),
            "text": f"{plural(row['points'], 'point')} to {plural(row['people'], 'person', 'people')}"
            if row["kind"] == "earned"
            else plural(row["points"], "point"),
        }
        for row in rows[:MAX_BARS]
    ]
    return bars(marks, "rule", "points", "text", width, "kind", ["earned", "reversed"])


_RULES: Final = f"""
SELECT rule, kind, sum(points) AS points, count() AS entries, uniqExact(person_id) AS people
FROM reward_posted FINAL
WHERE {period("occurred_at")}
GROUP BY rule, kind
ORDER BY abs(points) DESC, rule, kind
"""

SECTION: Final = Section(
    id="rewards",
    title="What was rewarded?",
    position=90,
    questions=(
        Question(
            id="rules",
            text="How many points did each rule give, and reverse?",
            reads=("reward_posted",),
            query=_RULES,
            answer=_answer,
            draw=_draw,
            how="Points by rule; people as known when the points were posted.",
            nothing="No points were earned in this period.",
        ),
    ),
)
