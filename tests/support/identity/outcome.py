"""What identity has published, as stories ask for it."""

from collections.abc import Callable
from itertools import combinations

from schemas.ids import person_of
from tests.support.identity.assertions import published_people
from tests.support.identity.network import Network

Run = Callable[..., "Outcome"]
"""Runs a story's events, perhaps with other reference data."""


class Outcome:
    """What the network has published when nothing is left to process."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._people = published_people(network)

    def person(self, identifier: str) -> str:
        """The person under which consumers have an identifier's touchpoints."""
        own = person_of(identifier)
        return self._people.get(own, own)

    def one(self, *identifiers: str) -> bool:
        """Whether all of them are one person."""
        return len({self.person(identifier) for identifier in identifiers}) == 1

    def apart(self, *identifiers: str) -> bool:
        """Whether no two of them are one person."""
        return all(self.person(a) != self.person(b) for a, b in combinations(identifiers, 2))

    def status(self, one: str, other: str) -> str:
        """The last published status of an edge."""
        changes = [c for c in self._network.changes if {c.identifier, c.other_identifier} == {one, other}]
        last = max(changes, key=lambda change: change.version)
        return last.reason or last.change
