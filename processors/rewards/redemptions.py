"""What is remembered of points that somebody spent, or tried to."""

from typing import Final

import msgspec

KEPT: Final = 64
"""Latest redemptions of a source profile: these can be answered again and given back."""


class Redemption(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A redemption of ``points`` at some time (microseconds) by the event with that id. ``taken`` has where they came
    from: source profile, end of the lot, points; nothing for a redemption that was refused. ``returned`` are those that
    were given back, ``balance`` is what could be spent after it."""

    at: int
    event_id: str
    person_id: str
    points: int
    taken: tuple[tuple[str, int, int], ...] = ()
    returned: int = 0
    balance: int = 0
    reason: str = ""

    @property
    def spent(self) -> int:
        """What was spent and not given back."""
        return sum(points for _, _, points in self.taken) - self.returned

    def joined(self, other: "Redemption") -> "Redemption":
        """As two accounts had it."""
        return max(self, other, key=lambda one: one.returned)
