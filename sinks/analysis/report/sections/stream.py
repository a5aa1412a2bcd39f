"""The stream itself: events, decisions, and scans answered in time or late."""

from collections.abc import Mapping
from typing import Final

from schemas.reasons import MissReason
from sinks.analysis.formatting import OTHER, count, join_words, label, leaders, names, plural, share
from sinks.analysis.report.charts import bars, over_time
from sinks.analysis.report.section import Answer, Drawing, Question, Row, Scope, Section, period

SERIES: Final = 6
"""Number of colours; beyond it the last one stands for all other event types."""
IN_TIME: Final = "in time"
STEPS: Final = {60: "minute", 3600: "hour", 86400: "day", 604800: "week"}


def _events(rows: list[Row], scope: Scope) -> Answer | None:
    step = STEPS[rows[0]["step_s"]]
    total = sum(row["events"] for row in rows)
    by_type = _by(rows, "type")
    by_time = _by(rows, "at")
    most, busiest = leaders(by_type), leaders(by_time)
    kinds = "kind of event is" if len(most) == 1 else "kinds of events are"
    each = "" if len(most) == 1 else " each"
    began = f"{busiest[0][:16].replace('T', ' ')} UTC with {plural(by_time[busiest[0]], 'event')}"
    busy = f"the busiest {step} began at {began}"
    if len(busiest) > 1:
        busy = f"the first of {count(len(busiest))} equally busy {step}s began at {began}"
    later = sum(row["imported"] for row in rows)
    return Answer(
        f"The most frequent {kinds} {names(most)} ({share(by_type[most[0]] / total)}{each}); {busy}.",
        f"{plural(total, 'event')} of {plural(len(by_type), 'kind')}, each counted once",
        [f"{share(later / total)} of them came in more than a day after they had happened."] if later else [],
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
    missed = total - scans[IN_TIME]
    why = _counted({_why(one): scans[one] for one in _missed(scans)})
    theirs = "1 got its tag's fallback" if missed == 1 else f"{count(missed)} got their tag's fallback"
    return Answer(
        f"{share(scans['in time'] / total)} of the scans got the stream's answer in time"
        + (f"; {theirs}: {why}." if missed else ", none its tag's fallback unasked."),
        f"{plural(total, 'scan')} of waiting phones",
    )


_WHY: Final[dict[str, str]] = {
    MissReason.LATE: "because the answer was late",
    MissReason.UNAVAILABLE: "because the stream was away",
}


def _why(reason: str) -> str:
    return _WHY.get(reason, f"for the reason {label(reason)}")


def _missed(scans: Mapping[str, int]) -> list[str]:
    """The reasons why phones got a fallback, those of _WHY first."""
    return [*(one for one in _WHY if scans.get(one)), *sorted(scans.keys() - {IN_TIME, *_WHY})]


def _draw_scans(rows: list[Row], width: int) -> Drawing:
    total = sum(row["scans"] for row in rows)
    order = [IN_TIME, *_missed({row["outcome"]: row["scans"] for row in rows})]
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
    routes: dict[str, int] = {}
    others = dict.fromkeys(_WITHOUT_ROUTE, 0)
    for row in rows:
        totals = routes if row["outcome"] == ROUTED else others
        key = row["route"] if row["outcome"] == ROUTED else row["outcome"]
        totals[key] = totals.get(key, 0) + row["decisions"]
    first = leaders(routes)
    each = "" if len(first) == 1 else " each"
    most = f", most often {names(map(label, first))} ({share(routes[first[0]] / total)}{each})" if routes else ""
    fallback = total - sum(routes.values())
    why = {text: others[one] for one, text in _WITHOUT_ROUTE.items() if others[one]}
    because = f" {next(iter(why))}" if len(why) == 1 else f": {_counted(why)}"
    rest = f"; {count(fallback)} led to the tag's fallback{because}" if fallback else ""
    return Answer(
        f"{share(sum(routes.values()) / total)} of the decisions led to a route of the brand{most}{rest}.",
        plural(total, "decision"),
    )


def _counted(why: Mapping[str, int]) -> str:
    return join_words(f"{count(number)} {text}" for text, number in why.items()) if why else ""


ROUTED: Final = "routed"
_WITHOUT_ROUTE: Final = {
    "not applicable": "because no route applied",
    "held out": "because the person is held out",
}
"""Outcomes of decisions, besides ROUTED, and why the tag's fallback answered."""


def _draw_decisions(rows: list[Row], width: int) -> Drawing:
    total = sum(row["decisions"] for row in rows)
    marks = [
        {
            "moment": label(row["moment"]),
            "route": f"{row['route']}, {label(row['moment'])}"
            if row["outcome"] == ROUTED
            else f"{row['route']}, {row['outcome']}",
            "decisions": row["decisions"],
            "text": f"{count(row['decisions'])} ({share(row['decisions'] / total)})",
        }
        for row in rows
    ]
    return bars(marks, "route", "decisions", "text", width, "moment", sorted({row["moment"] for row in marks}))


_EVENTS: Final = f"""
WITH
    (
        SELECT dateDiff('hour', min(occurred_at), max(occurred_at)) FROM touchpoint_identified
        WHERE {period("occurred_at")}
    ) AS span,
    multiIf(span < 3, 60, span <= 7 * 24, 3600, span <= 400 * 24, 86400, 604800) AS step,
    if(step = 604800, 345600, 0) AS monday
SELECT
    toDateTime(intDiv(toUnixTimestamp(occurred_at) - monday, step) * step + monday, 'UTC') AS at,
    at + step AS to,
    type,
    count() AS events,
    countIf(received_at > occurred_at + toIntervalDay(1)) AS imported,
    any(step) AS step_s
FROM touchpoint
WHERE {period("occurred_at")}
GROUP BY at, type
ORDER BY at, type
"""
_SCANS: Final = f"""
WITH missed AS
(
    SELECT scan_event_id, reason, waited_ms FROM scan_missed FINAL
    WHERE {period("occurred_at")}
)
SELECT '{IN_TIME}' AS outcome, count() AS scans, NULL AS median_ms
FROM scan_routed FINAL
WHERE {period("occurred_at")}
    AND reply_partition IS NOT NULL AND scan_event_id NOT IN (SELECT scan_event_id FROM missed)
UNION ALL
SELECT toString(reason), count(), nullIf(quantileExact(0.5)(waited_ms), 0) FROM missed GROUP BY reason
"""
_DECISIONS: Final = f"""
SELECT
    route,
    moment,
    -- Who is held out gets no route even where one applies; candidates have why each lost, empty for the winner.
    multiIf(
        route != 'fallback' OR arrayExists(candidate -> candidate.lost_because = '', candidates), 'routed',
        arrayExists(candidate -> candidate.lost_because = 'held_out', candidates), 'held out',
        'not applicable'
    ) AS outcome,
    count() AS decisions
FROM scan_routed FINAL
WHERE {period("occurred_at")}
GROUP BY route, moment, outcome
ORDER BY decisions DESC, route, moment, outcome
"""

SECTION: Final = Section(
    id="stream",
    title="What did the stream do?",
    position=70,
    questions=(
        Question(
            id="events",
            text="What came in, and when did it happen?",
            reads=("touchpoint", "touchpoint_identified"),
            query=_EVENTS,
            answer=_events,
            draw=_draw_events,
            how="Events by the time when they happened (UTC), imported history too; step_s is a column's width in "
            "seconds, imported are those received more than a day later.",
            nothing="No event of this period has come in yet.",
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
            how="Decisions by route, coloured by the micro-moment of the scan; held out are those that a route would "
            "have applied to.",
            nothing="No scan was decided in this period.",
        ),
    ),
)
