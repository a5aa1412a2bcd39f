"""Section ``loyalty``: what the points of the brand are: when they can be spent, when they expire, what they cost."""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar, Final, Literal

from schemas.brand.item import Item, Mistake, Sections, unknown_zone

MAX_DAYS: Final = 36_500
MAX_MONTHS: Final = 1_200
MAX_COST: Final = Decimal(1000)
MAX_PLACES: Final = 6
LEAST_TAKEN_BACK_DAYS: Final = 14


class Loyalty(Item, frozen=True, omit_defaults=True):
    """There is one. Points can be spent ``active_after`` days after they were earned, unless their rule says otherwise.
    They expire at the end of the local day, in ``zone``, ``expire_after_days`` later, or ``expire_after_months`` later;
    with ``expire_at: month`` at the end of that month. Without either they never do.

    ``below_zero``: a return takes points back that were spent already, so a balance may go below zero; otherwise these
    are forgiven. ``taken_back_days``: how long after a sale a return may take its points back; ``cost_per_point`` in
    the brand's currency is what an open point is worth in the books.
    """

    section: ClassVar[str] = "loyalty"
    kind: ClassVar[str] = "loyalty"

    zone: str
    active_after: int = 0
    expire_after_days: int = 0
    expire_after_months: int = 0
    expire_at: Literal["day", "month"] = "day"
    below_zero: bool = False
    taken_back_days: int = 365
    cost_per_point: Decimal = Decimal(0)

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if len(brand.loyalty) > 1:
            yield "id", "is one of several: a brand has one kind of points"
        yield from unknown_zone("zone", self.zone)
        for field, number, least, most in (
            ("active_after", self.active_after, 0, MAX_DAYS),
            ("expire_after_days", self.expire_after_days, 0, MAX_DAYS),
            ("expire_after_months", self.expire_after_months, 0, MAX_MONTHS),
            ("taken_back_days", self.taken_back_days, LEAST_TAKEN_BACK_DAYS, MAX_DAYS),
        ):
            if not least <= number <= most:
                yield field, f"{number} must be from {least} to {most}"
        if self.expire_after_days and self.expire_after_months:
            yield "expire_after_months", "is said beside expire_after_days: points expire after one of the two"
        lasts = self.expire_after_days or 28 * self.expire_after_months
        if lasts and self.active_after >= lasts:
            yield "active_after", f"{self.active_after} days are too many: points expire after {lasts}"
        if self.expire_at == "month" and not (self.expire_after_days or self.expire_after_months):
            yield "expire_at", "needs expire_after_days or expire_after_months: points never expire"
        yield from self._cost_mistakes()

    def _cost_mistakes(self) -> Iterator[Mistake]:
        cost = self.cost_per_point
        if not cost.is_finite() or not 0 <= cost <= MAX_COST:
            yield "cost_per_point", f"{cost} must be from 0 to {MAX_COST}"
        elif -int(cost.normalize().as_tuple().exponent) > MAX_PLACES:
            yield "cost_per_point", f"{cost} has more than {MAX_PLACES} digits after the point"
