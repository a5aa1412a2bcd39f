"""People and edges, as ClickHouse has them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import msgspec
from clickhouse_connect.driver.client import Client

from deploy.errors import Refused
from deploy.store import reached
from schemas.ids import person_of

EDGE = "identifier, other_identifier, verdict, reason, first_source_event_id, toString(occurred_at) AS occurred_at"


class Edge(msgspec.Struct, frozen=True):
    """Two identifiers that were presented together, and what became of that; the time is UTC."""

    identifier: str
    other_identifier: str
    verdict: str
    reason: str
    first_source_event_id: str
    occurred_at: str


class Person(msgspec.Struct, frozen=True):
    """A person of now: identifiers that were joined or were an event's anchor, and every edge that one of them has."""

    person_id: str
    identifiers: list[str]
    edges: list[Edge]
    touchpoints: int
    points: int


class Waiting(msgspec.Struct, frozen=True):
    """A person in quarantine: what it has, and the edges that would make it too large."""

    person_id: str
    identifiers: list[str]
    refused: list[Edge]


class People:
    """Answers about people."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    @contextmanager
    def reached(cls, environ: Mapping[str, str]) -> Iterator[Self]:
        """See :func:`deploy.store.reached`."""
        with reached(environ) as client:
            yield cls(client)

    def country(self) -> str:
        """Country of the brand, which reads national phone numbers; empty before any brand was applied."""
        rows = self._ask(
            "SELECT JSONExtractString(argMax(body, _version), 'about', 'country') FROM brand_configured "
            "WHERE kind = 'brand' AND body != ''"
        )
        return str(rows[0][0])

    def person_with(self, identifier: str) -> str:
        """Id of the person that has this identifier. :raises Refused: nobody has."""
        # A touchpoint that it was the anchor of, or an edge that joined it; else it is nobody, or refused everywhere.
        rows = self._ask(
            "SELECT toString(person_id) FROM touchpoint WHERE anchor = {identifier:String} LIMIT 1",
            identifier=identifier,
        ) or self._ask(
            "SELECT toString(person_id) FROM identity_edge WHERE verdict = 'linked' "
            "AND {identifier:String} IN (identifier, other_identifier) ORDER BY occurred_at LIMIT 1",
            identifier=identifier,
        )
        if rows:
            return str(rows[0][0])
        if self._edges_of([identifier]):
            return person_of(identifier)
        raise Refused(f"nobody was seen with {identifier} so far")

    def person_now(self, person_id: str) -> str:
        """The person that an earlier one is now."""
        rows = self._ask(
            "SELECT toString(current_person_id) FROM person_now WHERE person_id = {person:UUID}", person=person_id
        )
        return str(rows[0][0]) if rows else person_id

    def person(self, person_id: str, also: Sequence[str] = ()) -> Person:
        """Everything about a person of now. :param also: identifiers that are known to be among its own."""
        anchors, touchpoints = self._ask(
            "SELECT groupUniqArray(anchor), count() FROM touchpoint WHERE person_id = {person:UUID}", person=person_id
        )[0]
        joined = self._ask(
            "SELECT arrayJoin([identifier, other_identifier]) FROM identity_edge "
            "WHERE verdict = 'linked' AND person_id = {person:UUID}",
            person=person_id,
        )
        identifiers = sorted({*anchors, *(identifier for (identifier,) in joined), *also})
        points = self._ask("SELECT sum(points) FROM balance WHERE person_id = {person:UUID}", person=person_id)[0][0]
        return Person(person_id, identifiers, self._edges_of(identifiers), touchpoints, points)

    def quarantine(self) -> list[Waiting]:
        """Everybody who waits for an operator's word, longest first."""
        rows = self._ask("SELECT toString(person_id), identifiers FROM identity_quarantine ORDER BY since, person_id")
        waiting = []
        for person_id, identifiers in rows:
            refused = self._ask(
                f"SELECT {EDGE} FROM identity_edge WHERE person_id = {{person:UUID}} AND verdict = 'refused' "
                "AND reason = 'person_size' ORDER BY occurred_at, identifier, other_identifier",
                person=person_id,
            )
            waiting.append(Waiting(person_id, identifiers, [Edge(*row) for row in refused]))
        return waiting

    def _edges_of(self, identifiers: Sequence[str]) -> list[Edge]:
        rows = self._ask(
            f"SELECT {EDGE} FROM identity_edge WHERE hasAny([identifier, other_identifier], {{of:Array(String)}}) "
            "ORDER BY occurred_at, identifier, other_identifier",
            of=list(identifiers),
        )
        return [Edge(*row) for row in rows]

    def _ask(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._client.query(sql, parameters=parameters).result_rows]
