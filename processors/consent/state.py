"""What consent stores of a person."""

from collections.abc import Iterator
from typing import Final

import msgspec

from processors.parts import Parts
from schemas.consent.choices import NOTHING_SAID, Choice, Consents


class Wish(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one source profile said, of every purpose. At most ``CHOICES_KEPT`` choices of a key are kept; the table
    ``consent_changed`` has all of them. ``ended`` has the choices whose end was published, by the hash64 of the event
    that stated them."""

    said: Consents = NOTHING_SAID
    ended: frozenset[int] = frozenset()

    def joined(self, other: "Wish") -> "Wish":
        """All that both know."""
        return Wish(self.said.joined(other.said), self.ended | other.ended)

    @property
    def ending(self) -> Iterator[tuple[str, Choice]]:
        """The choices that count until they end, and whose end was not published, by key."""
        for key, choices in self.said.choices.items():
            latest = choices[-1]
            if latest.expires_at and latest.event not in self.ended:
                yield key, latest


NOTHING: Final = Wish()


class Wishes(Parts[Wish], frozen=True, array_like=True, gc=False):
    """What each source profile of a person said."""

    def part(self, profile: str) -> Wish:
        return self.parts.get(profile, NOTHING)
