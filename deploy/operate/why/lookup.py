"""Which events an operator may have meant by an id that is none."""

from collections.abc import Iterator

from deploy.operate.why.stored import DERIVED, Stored
from schemas.ids import own_id_of
from schemas.process.errors import OperatorError

NEAR = 5
SHORTEST = 4
"""Characters of a beginning that is looked for: fewer fit to anything."""
DECISIONS = (
    ("scan_routed", "if(scan_namespace = '', scan_event_id, concat(scan_namespace, '/', scan_event_id))", "a decision"),
    ("scan_missed", "scan_event_id", "a missed scan"),
    (
        "reward_posted",
        "if(source_namespace = '', source_event_id, concat(source_namespace, '/', source_event_id))",
        "an entry of the ledger",
    ),
)
"""Tables whose rows follow from an event, that event, and what the row is."""


class UnknownEvent(OperatorError):
    """No table knows the id; the text has what may have been meant."""


def unknown_event(stored: Stored, event_id: str) -> UnknownEvent:
    """The error for an id that no event has."""
    hints = [*_followed(stored, event_id)] or [*_namesakes(stored, event_id)] or [*_beginnings(stored, event_id)]
    hint = "; ".join(hints) or (
        "an event id of a sender is namespace/id, that of a scan is what Footpath-Event said; rows come some seconds "
        "after the event"
    )
    return UnknownEvent(f"no event {event_id} is stored: {hint}")


def _followed(stored: Stored, event_id: str) -> Iterator[str]:
    if stored.ask("SELECT toUUIDOrNull({id:String}) IS NULL AS no", id=event_id)[0]["no"]:
        return
    for table, source, noun in DECISIONS:
        rows = stored.ask(f"SELECT {source} AS event FROM {table} WHERE _key = {DERIVED} LIMIT 1", derived=event_id)
        for row in rows:
            yield f"that is {noun}; its event is {row['event']}"
            return
    if stored.ask("SELECT 1 FROM touchpoint_identified WHERE person_id = {id:UUID} LIMIT 1", id=event_id):
        yield f"that is a person: footpath identity show --person {event_id}"


def _namesakes(stored: Stored, event_id: str) -> Iterator[str]:
    rows = stored.ask(
        "SELECT DISTINCT if(of = '', id, concat(of, '/', id)) AS event FROM ("
        "SELECT namespace AS of, event_id AS id FROM touchpoint_recorded WHERE event_id = {id:String} UNION ALL "
        "SELECT source_namespace, source_event_id FROM event_rejected WHERE source_event_id = {id:String}) "
        f"ORDER BY event LIMIT {NEAR}",
        id=own_id_of(event_id),
    )
    if rows:
        yield f"an event id of a sender is namespace/id; there is {', '.join(row['event'] for row in rows)}"


def _beginnings(stored: Stored, event_id: str) -> Iterator[str]:
    own = own_id_of(event_id).lower().rstrip("…").removesuffix("...")
    if len(own) < SHORTEST:
        return
    rows = stored.ask(
        "SELECT DISTINCT if(namespace = '', event_id, concat(namespace, '/', event_id)) AS event "
        f"FROM touchpoint_recorded WHERE startsWith(lower(event_id), {{id:String}}) ORDER BY event LIMIT {NEAR}",
        id=own,
    )
    if rows:
        yield f"did you mean {' or '.join(row['event'] for row in rows)}?"
