"""The variants that a source profile has seen, and those of a person made of several.

The first one seen of a phase stays, in whatever order the parts of a person come together: joining is the minimum of
time and name, so it depends on nothing else.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from schemas.ids import hash64

SEEN_KEPT: Final = 64
"""Phases of which a source profile remembers what it saw, the latest; more than a brand has experiments."""


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The variant of a phase that was shown first, and when (microseconds); ``both`` when another one of the same phase
    was shown as well."""

    variant: str
    at: int
    both: bool = False

    def joined(self, other: "Seen") -> "Seen":
        """Of two showings of the same phase."""
        first = min(self, other, key=lambda one: (one.at, one.variant))
        both = self.both or other.both or self.variant != other.variant
        return first if first.both == both else Seen(first.variant, first.at, both)


SeenByPhase = Mapping[int, Seen]
"""By :func:`phase_key`."""
NOTHING_SEEN: Final[dict[int, Seen]] = {}


def phase_key(experiment: str, phase: str) -> int:
    """64 bits that stand for a phase of an experiment."""
    return hash64(f"{experiment}/{phase}")


def joined(several: Iterable[SeenByPhase]) -> dict[int, Seen]:
    """All of them as one, the latest :data:`SEEN_KEPT`."""
    found: dict[int, Seen] = {}
    for one in several:
        for key, seen in one.items():
            found[key] = found[key].joined(seen) if key in found else seen
    if len(found) <= SEEN_KEPT:
        return found
    latest = sorted(found, key=lambda key: (found[key].at, key), reverse=True)[:SEEN_KEPT]
    return {key: found[key] for key in latest}
