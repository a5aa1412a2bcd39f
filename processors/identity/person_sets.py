"""Disjoint sets of identifiers, each a person, joined edge by edge within the guards."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from processors.identity.state import LINKED
from schemas.identifiers.types import type_of
from schemas.reasons import EdgeReason

Guard = Callable[[Counter[str], Counter[str]], str]
"""By the types of two persons' identifiers: why they may not be one, empty when they may."""


class PersonSets:
    """For each identifier the list of its person's identifiers, with a count of their types.

    :param apart: for an identifier those that an operator unlinked from it; the relation is symmetric.
    :param same: pairs of identifiers of one value, which are together from the start and count once.
    """

    def __init__(
        self,
        identifiers: Iterable[str],
        guard: Guard,
        apart: Mapping[str, Collection[str]],
        same: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._guard, self._apart = guard, apart
        self._sets = {identifier: [identifier] for identifier in identifiers}
        self._types = {identifier: Counter((type_of(identifier),)) for identifier in self._sets}
        for one, other in same:
            if self._sets[one] is not self._sets[other]:
                self._merge(self._sets[one], self._sets[other])

    def join(self, one: str, other: str, guarded: bool) -> str:
        """Joins the persons of two identifiers; the status of the edge, linked or the reason that refuses it.

        :param guarded: whether the guard applies; what an operator keeps apart is never joined.
        """
        large, small = self._sets[one], self._sets[other]
        if large is small:
            return LINKED
        if len(small) > len(large):
            large, small = small, large
        if self._apart and self._are_apart(large, small):
            return EdgeReason.KEPT_APART
        types, more = self._types[large[0]], self._types[small[0]]
        if guarded and (refused := self._guard(types, more)):
            return refused
        types.update(more)
        self._merge(large, small)
        return LINKED

    def _merge(self, large: list[str], small: list[str]) -> None:
        large.extend(small)
        for identifier in small:
            self._sets[identifier] = large

    def people(self) -> list[list[str]]:
        """The identifiers of each person."""
        return [identifiers for identifier, identifiers in self._sets.items() if identifiers[0] == identifier]

    def types(self) -> Iterable[Counter[str]]:
        """How many identifiers of each type each person has."""
        return (self._types[identifiers[0]] for identifiers in self.people())

    def _are_apart(self, large: list[str], small: list[str]) -> bool:
        return any(self._sets.get(other) is large for one in small for other in self._apart.get(one, ()))
