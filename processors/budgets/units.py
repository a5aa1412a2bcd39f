"""Units of a limit as ranges: pairs of the number of the first unit and how many there are, one after the other in a
flat tuple. Units that have no number, points of a budget, are one range that begins at -1."""

from collections.abc import Iterator
from typing import Final

Units = tuple[int, ...]
NO_NUMBER: Final = -1
NONE: Final[Units] = ()


def ranges(units: Units) -> Iterator[tuple[int, int]]:
    """Each range: its first number, and how many."""
    return zip(units[::2], units[1::2], strict=True)


def count(units: Units) -> int:
    """How many they are."""
    return sum(units[1::2])


def joined(some: Units, others: Units) -> Units:
    """Both, sorted, with ranges that follow on each other as one."""
    if not some or not others:
        return some or others
    found: list[int] = []
    for first, many in sorted((*ranges(some), *ranges(others))):
        if found and (first == found[-2] == NO_NUMBER or (first != NO_NUMBER and first == found[-2] + found[-1])):
            found[-1] += many
        else:
            found += (first, many)
    return tuple(found)


def divided(units: Units, wanted: int) -> tuple[Units, Units]:
    """The first ``wanted`` of them, or all where they are fewer, and the rest."""
    taken: list[int] = []
    rest: list[int] = []
    for first, many in ranges(units):
        now = min(many, wanted)
        wanted -= now
        if now:
            taken += (first, now)
        if many > now:
            rest += (first if first == NO_NUMBER else first + now, many - now)
    return tuple(taken), tuple(rest)


def below(units: Units, limit: int) -> Units:
    """Those with a number below ``limit``."""
    found: list[int] = []
    for first, many in ranges(units):
        if first < limit:
            found += (first, min(many, limit - first))
    return tuple(found)
