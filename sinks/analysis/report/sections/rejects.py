"""Rejected events by stage and reason."""

from typing import Final

from sinks.analysis.formatting import count, plural, share
from sinks.analysis.report.charts import bars
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section, period


def _answer(rows: list[Row], scope: Scope) -> Answer | None:
    top, total = rows[0], sum(row["events"] for row in rows)
    used = top["used"]
    replayed = sum(row["replayed"] for row in rows)
    return Answer(
        f"{plural(total, 'event')} could not be used, {share(total / (total + used))} of those received; most often "
        f"{top['stage']} rejected with reason {top['reason']} ({share(top['events'] / total)}).",
        f"{plural(total, 'rejected event')}, {count(used)} used",
        [f"{count(replayed)} were replayed since; footpath replay rejected sends them once the cause is fixed."],
    )


def _draw(rows: list[Row], width: int) -> Drawing:
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    marks = [
        {
            "stage": row["stage"],
            "what": f"{row['stage']}: {row['reason']}" + (f" ({row['field']})" if row["field"] else ""),
            "events": row["events"],
            "text": count(row["events"]) + (f", {count(row['replayed'])} replayed" if row["replayed"] else ""),
        }
        for row in rows[:MAX_BARS]
    ]
    return bars(marks, "what", "events", "text", width, "stage", stages)


MAX_BARS: Final = 12
"""Maximum number of bars; the table has all."""

_REASONS: Final = f"""
SELECT
    stage,
    reason,
    field,
    count() AS events,
    countIf(event_id IN (SELECT reject_event_id FROM event_replayed WHERE outcome != 'refused')) AS replayed,
    max(occurred_at) AS last_at,
    argMax(detail, occurred_at) AS example,
    (SELECT count() FROM touchpoint WHERE {period("received_at")}) AS used
FROM event_rejected FINAL
WHERE {period("occurred_at")}
GROUP BY stage, reason, field
ORDER BY events DESC, stage, reason, field
LIMIT 1000
"""

SECTION: Final = Section(
    id="rejects",
    title="What could not be used?",
    position=80,
    questions=(
        Question(
            id="reasons",
            text="Which stage rejected how many events, and why?",
            reads=("event_rejected", "event_replayed", "touchpoint"),
            query=_REASONS,
            answer=_answer,
            draw=_draw,
            how="Events by reason and field at fault, coloured by the stage that rejected them.",
            nothing="Nothing was rejected in this period.",
        ),
    ),
)
