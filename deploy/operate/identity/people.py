"""People and edges as ClickHouse stores them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import msgspec
from clickhouse_connect.driver.client import Client

from deploy.operate.store_client import connect
from schemas.ids import person_of
from schemas.process.errors import OperatorError
from schemas.reasons import EdgeReason

EDGE = "identifier, other_identifier, status, reason, first_source_event_id, toString(occurred_at) AS occurred_at"


class Edge(msgspec.Struct, frozen=True):
    """Two identifiers seen together and the status of that edge; ``occurred_at`` is UTC."""

    identifier: str
    other_identifier: str
    status: str
    reason: str
    first_source_event_id: str
    occurred_at: str


class Person(msgspec.Struct, frozen=True):
    """A current person: the identifiers that were linked or were the primary identifier of an event, and every edge of
    one of them."""

    person_id: str
    identifiers: list[str]
    edges: list[Edge]
    touchpoints: int
    points: int


class Quarantined(msgspec.Struct, frozen=True):
    """A person in quarantine: its identifiers, the refused edges that an operator may decide, and the people at their
    other ends."""

    person_id: str
    identifiers: list[str]
    refused: list[Edge]
    affected: list[str]


class People:
    """Queries about people. Every method blocks; :raises OperatorError: see :func:`connect`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    @contextmanager
    def connect(cls, environ: Mapping[str, str]) -> Iterator[Self]:
        """The queries on FOOTPATH_CLICKHOUSE; see :func:`deploy.operate.store_client.connect`."""
        with connect(environ) as client:
            yield cls(client)

    def country(self) -> str:
        """The brand's country (ISO 3166 alpha-2), which completes national phone numbers; empty before a brand is
        applied."""
        rows = self._ask(
            "SELECT JSONExtractString(argMax(body, _version), 'about', 'country') FROM brand_configured "
            "WHERE kind = 'brand' AND body != ''"
        )
        return str(rows[0][0])

    def person_with(self, identifier: str) -> str:
        """Id of the person that has this identifier (``type:hash``). :raises OperatorError: nobody has it."""
        # A touchpoint with this primary identifier, or a linked edge, names the person. Without either, every edge of
        # the identifier was refused and it is a person of its own.
        rows = self._ask(
            "SELECT toString(person_id) FROM touchpoint WHERE primary_identifier = {identifier:String} LIMIT 1",
            identifier=identifier,
        ) or self._ask(
            "SELECT toString(person_id) FROM identity_edge WHERE status = 'linked' "
            "AND {identifier:String} IN (identifier, other_identifier) ORDER BY occurred_at LIMIT 1",
            identifier=identifier,
        )
        if rows:
            return str(rows[0][0])
        if self._edges_of([identifier]):
            return person_of(identifier)
        raise OperatorError(f"nobody has been seen with {identifier}")

    def person_now(self, person_id: str) -> str:
        """The current person id of a person id that may have been merged."""
        rows = self._ask(
            "SELECT toString(current_person_id) FROM person_now WHERE person_id = {person:UUID}", person=person_id
        )
        return str(rows[0][0]) if rows else person_id

    def person(self, person_id: str, also: Sequence[str] = ()) -> Person:
        """Everything about a current person. :param also: identifiers that are known to be the person's."""
        primaries, touchpoints = self._ask(
            "SELECT groupUniqArray(primary_identifier), count() FROM touchpoint WHERE person_id = {person:UUID}",
            person=person_id,
        )[0]
        joined = self._ask(
            "SELECT arrayJoin([identifier, other_identifier]) FROM identity_edge "
            "WHERE status = 'linked' AND person_id = {person:UUID}",
            person=person_id,
        )
        identifiers = sorted({*primaries, *(identifier for (identifier,) in joined), *also})
        points = self._ask("SELECT sum(points) FROM balance WHERE person_id = {person:UUID}", person=person_id)[0][0]
        return Person(person_id, identifiers, self._edges_of(identifiers), touchpoints, points)

    def quarantine(self) -> list[Quarantined]:
        """The people whose edges await an operator's decision, the oldest first."""
        rows = self._ask(
            "SELECT toString(person_id), identifiers, arrayMap(one -> toString(one), affected) "
            "FROM identity_quarantine ORDER BY since, person_id"
        )
        refused: dict[str, list[Edge]] = {}
        for person_id, *edge in self._ask(
            f"SELECT toString(person_id), {EDGE} FROM identity_edge WHERE (identifier, other_identifier) IN "
            "(SELECT one.1, one.2 FROM (SELECT arrayJoin(refused) AS one FROM identity_quarantine)) "
            "ORDER BY occurred_at, identifier, other_identifier"
        ):
            refused.setdefault(person_id, []).append(Edge(*edge))
        return [
            Quarantined(person_id, identifiers, refused.get(person_id, []), affected)
            for person_id, identifiers, affected in rows
        ]

    def refused_identifiers(self) -> list[str]:
        """Identifiers with edges that guards or a missing consent refused, which another brand may let through."""
        reasons = ", ".join(f"'{one}'" for one in (EdgeReason.HUB, EdgeReason.PERSON_SIZE, EdgeReason.NO_CONSENT))
        rows = self._ask(
            "SELECT DISTINCT arrayJoin([identifier, other_identifier]) AS one FROM identity_edge "
            f"WHERE status = 'refused' AND (reason IN ({reasons}) "
            f"OR startsWith(reason, '{EdgeReason.TOO_MANY}:')) ORDER BY one"
        )
        return [str(identifier) for (identifier,) in rows]

    def signalled_devices(self) -> list[str]:
        """Devices whose browser sent Global Privacy Control, which another brand may heed, or heed no more."""
        rows = self._ask(
            "SELECT DISTINCT identifier FROM identity_changed WHERE change IN ('appeared', 'merged') "
            "AND startsWith(identifier, 'device:') "
            "AND person_id IN (SELECT source_profile_id FROM consent_changed WHERE kind = 'gpc') ORDER BY identifier"
        )
        return [str(identifier) for (identifier,) in rows]

    def _edges_of(self, identifiers: Sequence[str]) -> list[Edge]:
        rows = self._ask(
            f"SELECT {EDGE} FROM identity_edge WHERE hasAny([identifier, other_identifier], {{of:Array(String)}}) "
            "ORDER BY occurred_at, identifier, other_identifier",
            of=list(identifiers),
        )
        return [Edge(*row) for row in rows]

    def _ask(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._client.query(sql, parameters=parameters).result_rows]
