"""`footpath replay show`: the rejects that wait for a repair, by what is wrong with them."""

from typing import Any, NamedTuple

from deploy.operate.replay.rejects import Rejects

_WAITING = """
SELECT
    stage,
    reason,
    topic,
    detail,
    count() AS waiting,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at,
    argMax((source_event_id, partition, offset), occurred_at) AS example
FROM event_rejected FINAL
WHERE event_id NOT IN (SELECT reject_event_id FROM event_replayed)
GROUP BY stage, reason, topic, detail
ORDER BY waiting DESC, last_at DESC, stage, reason, topic, detail
LIMIT {rows:UInt32}
"""


class Waiting(NamedTuple):
    """Rejects of one stage, reason, topic and detail that no replay has brought to their destination; the times are of
    the first and the last of them (UTC), the example is the last."""

    stage: str
    reason: str
    topic: str
    detail: str
    rejects: int
    first_at: Any
    last_at: Any
    example: str


def read_waiting(rejects: Rejects, limit: int) -> list[Waiting]:
    """The ``limit`` most frequent groups. :raises OperatorError: the condition of ``rejects`` is wrong."""
    found = []
    for stage, reason, topic, detail, count, first_at, last_at, example in rejects.query(_WAITING, rows=limit):
        event_id, partition, offset = example
        position = f" at {partition}/{offset}" if offset >= 0 else ""
        latest = f"{event_id or 'an event without an id'}{position}"
        found.append(Waiting(stage, reason, topic, detail, count, first_at, last_at, latest))
    return found
