"""Who is connected to whom: the plain union-find that everything which joins identifiers or records is held against."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

One = TypeVar("One", bound=Hashable)


class Joined(Generic[One]):
    """Everybody is alone at first; without ranks or tricks."""

    def __init__(self) -> None:
        self._next: dict[One, One] = {}

    def find(self, one: One) -> One:
        """The same for all that are connected."""
        while (further := self._next.get(one, one)) != one:
            self._next[one] = one = self._next.get(further, further)
        return one

    def join(self, several: Iterable[One]) -> None:
        first, *others = several
        for other in others:
            self._next[self.find(other)] = self.find(first)
