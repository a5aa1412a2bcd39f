"""What a reward may ask beside its event: how often, on how many days, of whom; and what it multiplies by."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, Literal

from schemas.brand.item import Mistake, Part, Sections, below_one, unknown_name, unknown_reference

MAX_TIMES: Final = 1_000
"""Of a limit, a streak or a milestone: what is remembered of a person stays small."""
MAX_FACTOR: Final = Decimal(100)
PLACES: Final = 2
Over = Literal["keep", "reverse"]


class Caps(Part, frozen=True, omit_defaults=True):
    """How often a person may earn it, over all devices, cards and addresses that identity knows to be theirs: in a
    ``day`` or ``week`` (from Monday on) of the store's clock, and ``ever``. ``over``: what becomes of the later ones
    when two people turn out to be one who earned it more often, than these or ``once``, a streak or a milestone allow:
    they are kept and shown, or reversed."""

    day: int | None = None
    week: int | None = None
    ever: int | None = None
    over: Over = "keep"

    @property
    def is_set(self) -> bool:
        """Whether anything is limited."""
        return self.day is not None or self.week is not None or self.ever is not None

    def mistakes(self) -> Iterator[Mistake]:
        """What has no meaning as a limit."""
        for field, times in (("day", self.day), ("week", self.week), ("ever", self.ever)):
            yield from below_one(f"caps.{field}", times)
            yield from _too_many(f"caps.{field}", times)


class Streak(Part, frozen=True, omit_defaults=True):
    """Earned when it happened on ``length`` different days, or in as many weeks, of the store's clock, of which no more
    than ``grace`` in between were missed: within ``length + grace`` in a row. ``repeat``: again for each further streak
    of other days; by default once."""

    length: int
    every: Literal["day", "week"] = "day"
    grace: int = 0
    repeat: bool = False

    def mistakes(self) -> Iterator[Mistake]:
        """What is no streak."""
        if self.length < 2:
            yield "streak.length", f"{self.length} is no streak: two or more"
        yield from _too_many("streak.length", self.length)
        if not 0 <= self.grace <= self.length:
            yield "streak.grace", f"{self.grace} is not between 0 and the streak's length"


class Milestone(Part, frozen=True, omit_defaults=True):
    """Earned at the visit number ``visits``, where a visit is a day of the store's clock on which it happened.
    ``repeat``: at each further so many; by default once."""

    visits: int
    repeat: bool = False

    def mistakes(self) -> Iterator[Mistake]:
        """What is no milestone."""
        yield from below_one("milestone.visits", self.visits)
        yield from _too_many("milestone.visits", self.visits)


class Multiplier(Part, frozen=True, omit_defaults=True):
    """Multiplies the points, rounded down: for people of a ``tier``, or for a ``product`` or ``category``, of a sale
    for those of its lines. Where several fit, the largest counts; they do not multiply each other."""

    factor: Decimal
    tier: str = ""
    product: str = ""
    category: str = ""

    def mistakes(self, field: str, brand: Sections) -> Iterator[Mistake]:
        """:param field: its own field."""
        if not self.factor.is_finite() or not 0 < self.factor <= MAX_FACTOR:
            yield f"{field}.factor", f"{self.factor} is not above 0 and at most {MAX_FACTOR}"
        elif self.factor != round(self.factor, PLACES):
            yield f"{field}.factor", f"{self.factor} has more than {PLACES} decimal places"
        if sum(map(bool, (self.tier, self.product, self.category))) != 1:
            yield field, "must name one of tier, product and category"
        if self.tier:
            yield from unknown_name(f"{field}.tier", self.tier, brand.tiers, "no tier is called")
        yield from unknown_reference(f"{field}.product", self.product, brand.products)
        if self.category:
            yield from unknown_name(f"{field}.category", self.category, brand.categories, "no product has the category")


class Anniversary(Part, frozen=True, omit_defaults=True):
    """Earned each year at the time of the person's first event of the kind ``of``; without one, of the first of all.
    On 29 February it is due on the 28th of other years. ``years``: so often at most."""

    of: str = ""
    years: int = 10

    def mistakes(self) -> Iterator[Mistake]:
        """What has no meaning."""
        yield from below_one("anniversary.years", self.years)
        if self.years > 100:
            yield "anniversary.years", f"{self.years} is too many: 100 is the most"


def _too_many(field: str, number: int | None) -> Iterator[Mistake]:
    if number is not None and number > MAX_TIMES:
        yield field, f"{number} is too many: {MAX_TIMES} is the most"
