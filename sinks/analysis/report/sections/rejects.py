"""What could not be used, and why."""

from typing import Final

from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section, period
from sinks.analysis.report.shapes import bars
from sinks.analysis.words import count, several, share


def _answer(rows: list[Row], scope: Scope) -> Answer | None:
    top, total = rows[0], sum(row["events"] for row in rows)
    used = top["used"]
    replayed = sum(row["replayed"] for row in rows)
    return Answer(
        f"{several(total, 'event')} could not be used, {share(total / (total + used))} of what came; most often "
        f"{top['stage']} refused with reason {top['reason']} ({share(top['events'] / total)}).",
        f"{several(total, 'rejected event')}, {count(used)} used",
        [f"{count(replayed)} were replayed since; footpath replay rejected sends them once the cause is mended."],
    )


def _draw(rows: list[Row], width: int) -> Drawing:
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    told = [
        {
            "stage": row["stage"],
            "what": f"{row['stage']}: {row['reason']}" + (f" ({row['field']})" if row["field"] else ""),
            "events": row["events"],
            "said": count(row["events"]) + (f", {count(row['replayed'])} replayed" if row["replayed"] else ""),
        }
        for row in rows[:MOST]
    ]
    return bars(told, "what", "events", "said", width, "stage", stages)


MOST: Final = 12
"""Bars at most; the table has all."""

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
    "rejects",
    "What could not be used?",
    (
        Question(
            id="reasons",
            text="Who refused how much, and why?",
            reads=("event_rejected", "event_replayed", "touchpoint"),
            query=_REASONS,
            answer=_answer,
            draw=_draw,
            how="Events by reason and field at fault, coloured by the stage that refused them.",
            nothing="Nothing was rejected in this period.",
        ),
    ),
)
