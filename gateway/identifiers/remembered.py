"""Identifiers that were dealt with lately, so that nothing is done for each event that names them."""

from collections import OrderedDict
from collections.abc import Iterable

REMEMBERED = 100_000
"""Some 20 MB. What is forgotten is done once more, which changes nothing but costs two records."""


class Remembered:
    """The last ``size`` identifiers."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        # A plain dict would search through the deleted entries at its front for each one that is evicted.
        self._identifiers: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._identifiers

    def __len__(self) -> int:
        return len(self._identifiers)

    def add(self, identifiers: Iterable[str]) -> None:
        for identifier in identifiers:
            self._identifiers[identifier] = None
        while len(self._identifiers) > self._size:
            self._identifiers.popitem(last=False)

    def forget(self, identifier: str) -> None:
        self._identifiers.pop(identifier, None)
