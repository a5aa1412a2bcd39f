"""Section ``rewards``."""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from schemas import kinds
from schemas.brand.expressions import expression_mistakes
from schemas.brand.item import Item, Mistake, Sections, below_one, beyond_int, no_trust, unknown_kinds, unknown_name
from schemas.brand.tags import PLACEMENTS
from schemas.expressions.inputs import REWARDS

NOTHING, ONCE_A_DAY = "nothing", "once_a_day"
MAX_POINTS = 10**12
TRUSTED = 50
"""See ``schemas.trust.score``."""
MAX_POINTS_PER_UNIT = 10**5
"""With the largest amount of an event, 10^13 units of a currency, a posting still fits into Avro's long."""


class Reward(Item, frozen=True, omit_defaults=True):
    """Points for an event: a fixed number, or so many for each whole unit of ``currency`` (by default the brand's);
    money of other currencies earns none of the latter.

    ``purchases_at_least``: only for people who had bought as often by then, the event's own sale included; a purchase
    that was returned as a whole does not count.

    ``trust_at_least``: scans of less trust (0 to 100) earn nothing. By default those of a copied link, of a device that
    scans like a machine, or that was in two far stores at once.

    ``public_keys``: what events earn that anybody can send (`api_keys[].public`): nothing, or once a day and source
    profile. ``if``: an expression (``schemas.expressions``) that must hold for the event, at its time.
    """

    section: ClassVar[str] = "rewards"
    kind: ClassVar[str] = "reward"

    version: int
    on: tuple[str, ...]
    points: int = 0
    points_per_unit: int = 0
    placements: tuple[str, ...] = ()
    purchases_at_least: int | None = None
    currency: str = ""
    public_keys: str = NOTHING
    condition: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="if")
    trust_at_least: int = TRUSTED
    active_after: int | None = None

    @property
    def expression(self) -> str:
        """The text of ``if``; empty where there is none."""
        return self.condition if isinstance(self.condition, str) else ""

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from beyond_int("version", self.version)
        if not self.on:
            yield "on", "must name the kinds of touchpoints that earn points"
        yield from unknown_kinds("on", self.on)
        for placement in self.placements:
            yield from unknown_name("placements", placement, PLACEMENTS, "no placement is called")
        if self.points < 0 or self.points_per_unit < 0 or not self.points + self.points_per_unit:
            yield "points", "a reward needs points or points_per_unit above zero"
        for field, points, most in (
            ("points", self.points, MAX_POINTS),
            ("points_per_unit", self.points_per_unit, MAX_POINTS_PER_UNIT),
        ):
            if points > most:
                yield field, f"{points} is too many: {most} is the most"
        if self.points_per_unit and not set(self.on) <= kinds.MONEY - {kinds.RETURN}:
            yield "points_per_unit", "only a sale has an amount"
        yield from unknown_name("public_keys", self.public_keys, (NOTHING, ONCE_A_DAY), "a reward is never earned")
        yield from below_one("purchases_at_least", self.purchases_at_least)
        yield from expression_mistakes("if", self.condition, REWARDS)
        yield from no_trust("trust_at_least", self.trust_at_least)
