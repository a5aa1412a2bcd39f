"""The stream itself: events, decisions, and scans answered in time or late."""

from typing import Final

from schemas.reasons import MissReason
from sinks.analysis.formatting import count, label, plural, share
from sinks.analysis.report.charts import OTHER, bars, over_time
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section, period

SERIES: Final = 6
"""Number of colours; beyond it the last one stands for all other event types."""
STEPS: Final = {60: "minute", 3600: "hour", 86400: "day", 604800: "week"}


def _events(rows: list[Row], scope: Scope) -> Answer | None:
    step = STEPS[rows[0]["step_s"]]
    total = sum(row["events"] for row in rows)
    by_type = _by(rows, "type")
    by_time = _by(rows, "at")
    most = max(by_type, key=lambda one: by_type[one])
    busiest = max(by_time, key=lambda at: by_time[at])
    return Answer(
        f"Most events are {most} ({share(by_type[most] / total)}); the busiest {step} began at "
        f"{busiest[:16].replace('T', ' ')} UTC with {plural(by_time[busiest], 'event')}.",
        f"{plural(total, 'event')} of {plural(len(by_type), 'kind')}, each counted once",
    )


def _draw_events(rows: list[Row], width: int) -> Drawing:
    by_type = _by(rows, "type")
    ranked = sorted(by_type, key=lambda one: (-by_type[one], one))
    kept = ranked if len(ranked) < SERIES else ranked[: SERIES - 1]
    counts: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row["at"], row["to"], row["type"] if row["type"] in kept else OTHER)
        counts[key] = counts.get(key, 0) + row["events"]
    marks = [{"at": at, "to": to, "series": one, "count": number} for (at, to, one), number in counts.items()]
    return over_time(marks, kept if len(kept) == len(ranked) else [*kept, OTHER], width)


def _by(rows: list[Row], field: str) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row[field]] = totals.get(row[field], 0) + row["events"]
    return totals


def _scans(rows: list[Row], scope: Scope) -> Answer | None:
    scans = {row["outcome"]: row["scans"] for row in rows}
    total = sum(scans.values())
    if not total:
        return None
    missed = total - scans["in time"]
    why = " and ".join(f"{count(scans[one])} {text}" for one, text in _WHY.items() if scans.get(one))
    return Answer(
        f"{share(scans['in time'] / total)} of the scans got the stream's answer in time"
        + (f"; {count(missed)} got their tag's fallback: {why}." if missed else ", none its tag's fallback unasked."),
        f"{plural(total, 'scan')} of waiting phones",
    )


_WHY: Final = {
    MissReason.LATE: "because the answer was late",
    MissReason.UNAVAILABLE: "because the stream was away",
}


def _draw_scans(rows: list[Row], width: int) -> Drawing:
    total = sum(row["scans"] for row in rows)
    order = ("in time", *_WHY)
    marks = [
        {
            "outcome": row["outcome"],
            "scans": row["scans"],
            "text": f"{count(row['scans'])} ({share(row['scans'] / total)})"
            + (f", half waited {row['median_ms']:.0f} ms or more" if row["scans"] and row["median_ms"] else ""),
        }
        for row in sorted(rows, key=lambda row: order.index(row["outcome"]))
    ]
    return bars(marks, "outcome", "scans", "text", width)


def _decisions(rows: list[Row], scope: Scope) -> Answer | None:
    total = sum(row["decisions"] for row in rows)
    routed = sum(row["decisions"] for row in rows if row["route"] != "fallback")
    best = next((row for row in rows if row["route"] != "fallback"), None)
    most = f", most often {best['route']} ({share(best['decisions'] / total)})" if best else ""
    rest = "" if routed == total else "; the others led to the tag's fallback, because no route applied"
    return Answer(
        f"{share(routed / total)} of the decisions led to a route of the brand{most}{rest}.",
        plural(total, "decision"),
    )


def _draw_decisions(rows: list[Row], width: int) -> Drawing:
    total = sum(row["decisions"] for row in rows)
    marks = [
        {
            "moment": label(row["moment"]),
            "route": f"{row['route']}, {label(row['moment'])}",
            "decisions": row["decisions"],
            "text": f"{count(row['decisions'])} ({share(row['decisions'] / total)})",
        }
        for row in rows
    ]
    return bars(marks, "route", "decisions", "text", width, "moment", sorted({row["moment"] for row in marks}))


_EVENTS: Final = f"""
WITH
    (
        SELECT dateDiff('hour', min(received_at), max(received_at)) FROM touchpoint_identified
        WHERE {period("received_at")}
    ) AS span,
    multiIf(span < 3, 60, span <= 7 * 24, 3600, span <= 400 * 24, 86400, 604800) AS step,
    if(step = 604800, 345600, 0) AS monday
SELECT
    toDateTime(intDiv(toUnixTimestamp(received_at) - monday, step) * step + monday, 'UTC') AS at,
    at + step AS to,
    type,
    count() AS events,
    any(step) AS step_s
FROM touchpoint
WHERE {period("received_at")}
GROUP BY at, type
ORDER BY at, type
"""
_SCANS: Final = f"""
WITH missed AS
(
    SELECT scan_event_id, reason, waited_ms FROM scan_missed FINAL
    WHERE {period("occurred_at")}
)
SELECT 'in time' AS outcome, count() AS scans, NULL AS median_ms
FROM scan_routed FINAL
WHERE {period("occurred_at")}
    AND reply_partition IS NOT NULL AND scan_event_id NOT IN (SELECT scan_event_id FROM missed)
UNION ALL
SELECT 'late', count(), nullIf(quantileExact(0.5)(waited_ms), 0) FROM missed WHERE reason = 'late'
UNION ALL
SELECT 'unavailable', count(), nullIf(quantileExact(0.5)(waited_ms), 0) FROM missed WHERE reason = 'unavailable'
"""
_DECISIONS: Final = f"""
SELECT route, moment, count() AS decisions
FROM scan_routed FINAL
WHERE {period("occurred_at")}
GROUP BY route, moment
ORDER BY decisions DESC, route, moment
"""

SECTION: Final = Section(
    id="stream",
    title="What did the stream do?",
    position=70,
    questions=(
        Question(
            id="events",
            text="What came in, and when?",
            reads=("touchpoint", "touchpoint_identified"),
            query=_EVENTS,
            answer=_events,
            draw=_draw_events,
            how="Events by the time when the gateway received them (UTC); step_s is a column's width in seconds.",
            nothing="No event came in during this period.",
        ),
        Question(
            id="scans",
            text="Did phones get their answer in time?",
            reads=("scan_routed", "scan_missed"),
            query=_SCANS,
            answer=_scans,
            draw=_draw_scans,
            how="A phone waits for the stream's decision; when that is late, or Kafka is away, it gets the fallback.",
            nothing="No phone waited for an answer in this period.",
        ),
        Question(
            id="decisions",
            text="What did scans lead to?",
            reads=("scan_routed",),
            query=_DECISIONS,
            answer=_decisions,
            draw=_draw_decisions,
            how="Decisions by route, coloured by the micro-moment of the scan.",
            nothing="No scan was decided in this period.",
        ),
    ),
)
