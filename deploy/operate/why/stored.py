"""What ClickHouse has of an event and of a person, as parts of a story. Queries go by a key where there is one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from deploy.operate.why import story
from schemas.ids import derived, namespace_of, own_id_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY = "00000000-0000-0000-0000-000000000000"
SHOWN = 40
"""Edges and changes of a person that a story has: a shared identifier has hundreds."""
KEY = (
    "if({namespace:String} = '', ifNull(toUInt128(toUUIDOrNull({id:String})), "
    "reinterpretAsUInt128(sipHash128({id:String}))), "
    "reinterpretAsUInt128(sipHash128(concat({namespace:String}, '/', {id:String}))))"
)
"""Column _key of a touchpoint, from its namespace and id."""
DERIVED = "toUInt128(toUUID({derived:String}))"
"""The same of an id that Footpath derived."""
PLACE = "store, tag, placement, zone, product, campaign, channel, currency, properties, revision, language"


class Stored:
    """Queries. Every method blocks; :raises ClickHouseError: the store is away or refuses."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ask(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, by column."""
        return list(self._client.query(sql, parameters=parameters).named_results())

    def recorded(self, event_id: str, table: str = "touchpoint_recorded") -> story.Recorded | None:
        """The touchpoint, from the table of what was recorded or of what was identified."""
        rows = self.ask(
            f"SELECT type, {_times('occurred_at', 'received_at', stored_at='inserted_at')}, source, identifiers, "
            f"toString(amount) AS amount, {_id('related')}, {PLACE}, trust, trust_reasons "
            f"FROM {table} FINAL WHERE _key = {KEY}",
            **_key(event_id),
        )
        return msgspec.convert(_timed(rows[0]), story.Recorded) if rows else None

    def recognised(self, event_id: str) -> story.Recognised | None:
        """The person as identity saw them then, without edges and changes."""
        rows = self.ask(
            "SELECT toString(person_id) AS full_person_id, primary_identifier, "
            f"toString(if(source_profile_id = '{NOBODY}', person_id, source_profile_id)) AS full_source_profile_id, "
            f"{_times(stored_at='inserted_at')} FROM touchpoint_identified FINAL WHERE _key = {KEY}",
            **_key(event_id),
        )
        if not rows:
            return None
        row = _timed(rows[0])
        return msgspec.convert(row | {"person_now": self.person_now(row["source_profile_id"])}, story.Recognised)

    def person_now(self, profile: str) -> str:
        """The person that a source profile belongs to now: by default its own."""
        rows = self.ask(
            "SELECT toString(current_person_id) AS person FROM person_now WHERE person_id = {profile:UUID}",
            profile=profile,
        )
        return str(rows[0]["person"]) if rows else profile

    def profiles(self, person_id: str) -> list[str]:
        """The source profiles of a current person."""
        rows = self.ask(
            "SELECT toString(person_id) AS profile FROM person_now WHERE current_person_id = {person:UUID}",
            person=person_id,
        )
        return sorted({person_id, *(row["profile"] for row in rows)})

    def edges(self, profiles: Sequence[str], identifiers: Sequence[str]) -> tuple[list[story.Edge], int]:
        """The latest edges of these people or identifiers, and how many there are."""
        rows = self.ask(
            "SELECT identifier, other_identifier, last.1 AS status, last.2 AS reason, last.3 AS decided_by_event_id, "
            "last.4 AS occurred_at_us, count() OVER () AS in_all FROM ("
            "SELECT identifier, other_identifier, argMax((change, reason, source_event_id, "
            "toUnixTimestamp64Micro(occurred_at)), (version, _version)) AS last FROM identity_changed "
            "WHERE change IN ('linked', 'refused', 'unlinked') AND (toString(person_id) IN {profiles:Array(String)} "
            "OR identifier IN {identifiers:Array(String)} OR other_identifier IN {identifiers:Array(String)}) "
            f"GROUP BY identifier, other_identifier) ORDER BY last.4 DESC, identifier, other_identifier LIMIT {SHOWN}",
            profiles=list(profiles),
            identifiers=list(identifiers),
        )
        return [msgspec.convert(_timed(row), story.Edge) for row in reversed(rows)], _in_all(rows)

    def changes(self, profiles: Sequence[str]) -> tuple[list[story.Change], int]:
        """The latest changes of these source profiles, and how many there are."""
        rows = self.ask(
            "SELECT change, toString(person_id) AS full_person_id, toString(into_person_id) AS full_into_person_id, "
            "toString(source_profile_id) AS full_source_profile_id, identifier, source_event_id, "
            f"{_times('occurred_at')}, count() OVER () AS in_all FROM identity_changed FINAL "
            "WHERE change IN ('appeared', 'merged', 'split', 'erased') AND ("
            "toString(source_profile_id) IN {profiles:Array(String)} OR toString(person_id) IN {profiles:Array(String)}"
            f") ORDER BY occurred_at DESC, version DESC, event_id LIMIT {SHOWN}",
            profiles=list(profiles),
        )
        return [msgspec.convert(_timed(row), story.Change) for row in reversed(rows)], _in_all(rows)

    def said(self, profiles: Sequence[str], until: datetime) -> list[story.Said]:
        """What these source profiles had said by then: the latest of each purpose and channel."""
        rows = self.ask(
            "SELECT purpose, channel, kind, after, policy_version, "
            f"{_id('source')}, {_times('occurred_at')} FROM consent_changed FINAL "
            "WHERE source_profile_id IN {profiles:Array(UUID)} "
            "AND occurred_at <= fromUnixTimestamp64Micro({until:Int64}, 'UTC') "
            "ORDER BY occurred_at DESC, after = 'withdrawn' DESC, event_id LIMIT 1 BY purpose, channel, kind",
            profiles=list(profiles),
            until=micros(until),
        )
        return [msgspec.convert(_timed(row), story.Said) for row in reversed(rows)]

    def routed(self, event_id: str) -> story.Routed | None:
        """The decision for a scan."""
        rows = self.ask(
            f"SELECT {_times(stored_at='inserted_at')}, brand_version, moment, route, action, destination, title, "
            "text, label, content, inputs, candidates, reply_partition IS NOT NULL AS waited "
            f"FROM scan_routed FINAL WHERE _key = {DERIVED}",
            derived=derived("route", event_id),
        )
        if not rows:
            return None
        row = _timed(rows[0])
        row["inputs"] = msgspec.Raw(row["inputs"].encode())
        row["waited"] = bool(row["waited"])
        row["candidates"] = [story.Candidate(*_values(one)) for one in row["candidates"]]
        return story.Routed(**row)

    def missed(self, event_id: str) -> story.Missed | None:
        """That no decision came in time."""
        rows = self.ask(
            f"SELECT reason, waited_ms, destination, {_times(stored_at='inserted_at')} FROM scan_missed FINAL "
            f"WHERE _key = {DERIVED}",
            derived=derived("missed", event_id),
        )
        return msgspec.convert(_timed(rows[0]), story.Missed) if rows else None

    def entries(self, event_id: str) -> list[story.Entry]:
        """The ledger entries that the event caused, and those that reverse them."""
        columns = (
            "event_id, kind, points, rule, rule_version, toString(person_id) AS full_person_id, "
            f"{_id('source')}, reverses_event_id, {_times('occurred_at', stored_at='inserted_at')}"
        )
        own = "source_event_id = {id:String} AND source_namespace = {namespace:String}"
        rows = self.ask(
            f"SELECT {columns} FROM (SELECT * FROM reward_posted FINAL WHERE ({own}) OR reverses_event_id IN "
            f"(SELECT event_id FROM reward_posted WHERE {own})) ORDER BY occurred_at_us, kind, rule, event_id",
            **_key(event_id),
        )
        return [msgspec.convert(_timed(row), story.Entry) for row in rows]

    def rejects(self, event_id: str) -> list[story.Rejected]:
        """The rejects that name this event, or the one that has this id, the oldest first."""
        rows = self.ask(
            f"SELECT event_id, stage, reason, field, detail, {_times('occurred_at')}, replayed FROM ("
            "SELECT * FROM event_rejected FINAL WHERE event_id = {full:String} "
            "OR (source_event_id = {id:String} AND source_namespace = {namespace:String})) AS reject "
            "LEFT JOIN (SELECT reject_event_id, argMax(outcome, occurred_at) AS replayed FROM event_replayed "
            "GROUP BY reject_event_id) AS replay ON replay.reject_event_id = reject.event_id "
            "ORDER BY occurred_at_us, event_id",
            full=event_id,
            **_key(event_id),
        )
        return [msgspec.convert(_timed(row), story.Rejected) for row in rows]

    def is_erased(self, profile: str) -> bool:
        """Whether the source profile was erased."""
        return bool(
            self.ask("SELECT 1 FROM profile_erased WHERE source_profile_id = {profile:UUID} LIMIT 1", profile=profile)
        )


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(us: int) -> datetime:
    """The moment so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=us)


def _key(event_id: str) -> dict[str, str]:
    return {"namespace": namespace_of(event_id), "id": own_id_of(event_id)}


def _times(*columns: str, **renamed: str) -> str:
    """SQL for time columns as numbers: the client would cut their microseconds or lose their zone."""
    pairs = [*((column, column) for column in columns), *renamed.items()]
    return ", ".join(f"toUnixTimestamp64Micro({column}) AS {name}_us" for name, column in pairs)


def _id(noun: str) -> str:
    """SQL for the id of an event with its namespace, which stand in two columns."""
    id, namespace = f"{noun}_event_id", f"{noun}_namespace"
    return f"if({namespace} = '', {id}, concat({namespace}, '/', {id})) AS full_{id}"


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_us").removeprefix("full_"): moment_of(value) if name.endswith("_us") else value
        for name, value in row.items()
        if name != "in_all"
    }


def _values(candidate: Any) -> tuple[Any, ...]:
    return tuple(candidate.values()) if isinstance(candidate, dict) else tuple(candidate)


def _in_all(rows: Sequence[dict[str, Any]]) -> int:
    return int(rows[0]["in_all"]) if rows else 0
