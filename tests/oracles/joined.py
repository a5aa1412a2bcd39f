"""Connected components by a plain union-find: the reference for everything that joins identifiers or records."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

One = TypeVar("One", bound=Hashable)


class Joined(Generic[One]):
    """A union-find without ranks; every item starts as a component of its own."""

    def __init__(self) -> None:
        self._next: dict[One, One] = {}

    def find(self, one: One) -> One:
        """The representative of the item's component."""
        while (further := self._next.get(one, one)) != one:
            self._next[one] = one = self._next.get(further, further)
        return one

    def join(self, several: Iterable[One]) -> None:
        first, *others = several
        for other in others:
            self._next[self.find(other)] = self.find(first)
