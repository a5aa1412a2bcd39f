"""Rejected events by stage and reason."""

from typing import Final

from sinks.analysis.formatting import count, leaders, names, plural, share
from sinks.analysis.report.charts import bars
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section, period


def _answer(rows: list[Row], scope: Scope) -> Answer | None:
    total, used, replayed = rows[0]["all_events"], rows[0]["used"], rows[0]["all_replayed"]
    received = max(total, used + rows[0]["all_lost"])
    causes: dict[str, int] = {}
    for row in rows:
        cause = f"{row['stage']} rejected with reason {row['reason']}"
        causes[cause] = causes.get(cause, 0) + row["events"]
    first = leaders(causes)
    each = "" if len(first) == 1 else " each"
    sent = "1 was replayed since" if replayed == 1 else f"{count(replayed)} were replayed since"
    at_first = " at first" if replayed else ""
    return Answer(
        f"{plural(total, 'event')} could not be used{at_first}, {share(total / received)} of those received; most "
        f"often {names(first)} ({share(causes[first[0]] / total)}{each}).",
        f"{plural(total, 'rejected event')}, {count(used)} used",
        [f"{sent}; footpath replay rejected sends them once the cause is fixed."],
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
    sum(count()) OVER () AS all_events,
    sum(replayed) OVER () AS all_replayed,
    -- Those that are not among the used ones: later stages reject what is stored, and a replay brings in the rest.
    sum(if(stage IN ('gateway', 'identity', 'sink'), events - replayed, 0)) OVER () AS all_lost,
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
