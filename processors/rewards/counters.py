"""What rules count of a source profile: for streaks, milestones, tiers and caps."""

import msgspec


class Counters(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one source profile."""

    def joined(self, other: "Counters") -> "Counters":
        """Both states of the same source profile."""
        return self


NOTHING_COUNTED = Counters()
