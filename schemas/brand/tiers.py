"""Section ``tiers``: what people reach by the points that they earn in a year."""

from collections.abc import Callable, Iterator
from typing import ClassVar, Final, Literal

from schemas.brand.item import Item, Mistake, Sections

MONTHS: Final = 12


class Tier(Item, frozen=True, omit_defaults=True):
    """A tier: reached with so many ``points`` that were earned in the ``period``, less what returns took of them.

    ``calendar_year``: in this year or the last one by the brand's clock, so what is reached in a year holds until the
    end of the next. ``rolling_year``: in this month and the twelve before it. All tiers have one period, and no two of
    them the same points. Nobody has to be told that a tier ends: it is computed for each event, at its time.
    """

    section: ClassVar[str] = "tiers"
    kind: ClassVar[str] = "tier"

    points: int
    period: Literal["calendar_year", "rolling_year"] = "calendar_year"
    name: str = ""

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if not 1 <= self.points <= 10**12:
            yield "points", f"{self.points} is not between 1 and {10**12}"
        for other in brand.tiers.values():
            if other.id < self.id and other.period != self.period:
                yield "period", f"differs from that of {other.id}: all tiers have one period"
            if other.id < self.id and other.points == self.points:
                yield "points", f"{self.points} reach {other.id} as well"

    def precedence(self) -> tuple[int, str]:
        """The highest first."""
        return -self.points, self.id


def qualifying_points(period: str, month: int, between: Callable[[int, int], int]) -> int:
    """The points that count for tiers in a month.

    :param month: since the year 0, on the brand's clock. :param between: gives those that were earned from one month
        to another, both included.
    """
    if period == "rolling_year":
        return between(month - MONTHS, month)
    january = month - month % MONTHS
    return max(between(january, month), between(january - MONTHS, january - 1))


def points_of_period(period: str, month: int, between: Callable[[int, int], int]) -> int:
    """As :func:`qualifying_points`, those that a higher tier can still be reached with."""
    return between(month - MONTHS if period == "rolling_year" else month - month % MONTHS, month)
