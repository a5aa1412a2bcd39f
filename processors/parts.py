"""State of a person in parts, one for each source profile that identity resolved to the person.

Identity merges people and splits them again. A part never mixes what several source profiles did, so a merge is the
union of the parts and a split takes parts out; neither loses anything. The parts of two states of the same source
profile (the transfer of a part may be applied twice) are joined by the part itself.
"""

from typing import Any, Generic, Protocol, Self, TypeVar

import msgspec

from schemas.events import ConsentStated, TouchpointIdentified


class Part(Protocol):
    """The share of a person's state that belongs to one source profile."""

    def joined(self, other: Self) -> Self:
        """Both states of the same source profile as one. Joining the same state twice changes nothing."""


P = TypeVar("P", bound=Part)


class Parts(msgspec.Struct, Generic[P], frozen=True, array_like=True, gc=False):
    """Base of the state of a processor whose keys are person ids: ``parts`` by source profile."""

    parts: dict[str, P] = {}

    def with_part(self, profile: str, part: P) -> Self:
        """The same state with ``part`` as the part of the source profile."""
        return type(self)({**self.parts, profile: part})

    def joined(self, other: Self) -> Self:
        """The state after a merge: all parts of both, joined where both have one of the same source profile."""
        both = {
            profile: part.joined(other.parts[profile]) for profile, part in self.parts.items() if profile in other.parts
        }
        return type(self)(self.parts | other.parts | both)


S = TypeVar("S", bound=Parts[Any])


def split(state: S, profile: str) -> tuple[S | None, S | None]:
    """The state after a split: what stays, and the part of the source profile, which goes. None where that is
    nothing; joining the two gives the state again."""
    if profile not in state.parts:
        return state, None
    others = {other: part for other, part in state.parts.items() if other != profile}
    return type(state)(others) if others else None, type(state)({profile: state.parts[profile]})


def source_profile_of(event: TouchpointIdentified | ConsentStated) -> str:
    """Whose part an event changes: the source profile of its primary identifier. Events that were recorded before
    identity published source profiles have none; their person stands for it."""
    return event.source_profile_id or event.person_id
