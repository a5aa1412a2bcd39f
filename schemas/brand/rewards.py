"""Section ``rewards``."""

from collections.abc import Iterator
from typing import ClassVar, Final

import msgspec

from schemas import kinds
from schemas.brand.expressions import expression_mistakes
from schemas.brand.item import (
    ID,
    Item,
    Mistake,
    Sections,
    below_one,
    beyond_int,
    no_trust,
    unknown_kinds,
    unknown_name,
    unknown_reference,
)
from schemas.brand.reward_bounds import MAX_POINTS_PER_UNIT, NOTHING, bound_mistakes
from schemas.brand.reward_terms import Anniversary, Caps, Milestone, Multiplier, Streak
from schemas.brand.tags import PLACEMENTS
from schemas.expressions.inputs import REWARDS

ONCE_A_DAY: Final = "once_a_day"
MAX_POINTS = 10**12
MAX_EXPIRING_DAYS: Final = 366
TRUSTED = 50
"""See ``schemas.trust.score``."""


class Reward(Item, frozen=True, omit_defaults=True):
    """Points for an event: a fixed number, or so many for each whole unit of ``currency`` (by default the brand's);
    money of other currencies earns none of the latter.

    ``purchases_at_least``: only for people who had bought as often by then, the event's own sale included; a purchase
    that was returned as a whole does not count.

    ``trust_at_least``: scans of less trust (0 to 100) earn nothing. By default those of a copied link, of a device that
    scans like a machine, or that was in two far stores at once.

    ``public_keys``: what events earn that anybody can send (`api_keys[].public`): nothing, or once a day and source
    profile. ``if``: an expression (``schemas.expressions``) that must hold for the event, at its time.

    ``products``, ``categories``: only for these; of a sale the lines of these alone count. ``multipliers`` make it more
    points. ``once``: the first time only. ``streak``, ``milestone``: when it happened often enough. ``anniversary``:
    without an event, each year. ``expiring_days``: without an event, so many days before points of the person expire.
    ``caps``: how often a person may earn it.

    ``active_after``: from how many days later on its points can be spent, by default as ``loyalty`` says.

    ``campaign``: of ``campaigns``; it is earned while that runs, and counts for its limits. Beside points, or without
    any, it may grant a ``coupon`` of a pool, or an entry in a ``draw``, which is any name.

    ``version`` is counted up with each change: what happened before the change is on the terms of its day. `footpath
    brand apply` keeps those as ``earlier``, each until its ``until`` (microseconds); files do not state either.
    """

    section: ClassVar[str] = "rewards"
    kind: ClassVar[str] = "reward"
    later: ClassVar[frozenset[str]] = frozenset(
        {
            "products",
            "categories",
            "multipliers",
            "once",
            "streak",
            "milestone",
            "anniversary",
            "expiring_days",
            "caps",
            "campaign",
            "coupon",
            "draw",
            "until",
            "earlier",
            "active_after",
        }
    )

    unversioned: ClassVar[frozenset[str]] = frozenset({"until", "earlier"})

    version: int
    on: tuple[str, ...] = ()
    points: int = 0
    points_per_unit: int = 0
    placements: tuple[str, ...] = ()
    purchases_at_least: int | None = None
    currency: str = ""
    public_keys: str = NOTHING
    condition: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="if")
    trust_at_least: int = TRUSTED
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    multipliers: tuple[Multiplier, ...] = ()
    once: bool = False
    streak: Streak | None = None
    milestone: Milestone | None = None
    anniversary: Anniversary | None = None
    expiring_days: int | None = None
    caps: Caps = Caps()
    campaign: str = ""
    coupon: str = ""
    draw: str = ""
    until: int = 0
    earlier: tuple["Reward", ...] = ()
    active_after: int | None = None

    @property
    def is_past(self) -> bool:
        """Whether the files have it no more."""
        return bool(self.until)

    @property
    def by_timer(self) -> bool:
        """Whether it is earned without an event."""
        return self.anniversary is not None or self.expiring_days is not None

    @property
    def expression(self) -> str:
        """The text of ``if``; empty where there is none."""
        return self.condition if isinstance(self.condition, str) else ""

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from beyond_int("version", self.version)
        yield from self._trigger_mistakes()
        for placement in self.placements:
            yield from unknown_name("placements", placement, PLACEMENTS, "no placement is called")
        yield from self._points_mistakes()
        yield from unknown_name("public_keys", self.public_keys, (NOTHING, ONCE_A_DAY), "a reward is never earned")
        yield from below_one("purchases_at_least", self.purchases_at_least)
        yield from expression_mistakes("if", self.condition, REWARDS)
        yield from no_trust("trust_at_least", self.trust_at_least)
        yield from self._term_mistakes(brand)
        yield from bound_mistakes(self, brand)

    def _trigger_mistakes(self) -> Iterator[Mistake]:
        if not self.on and not self.by_timer:
            yield "on", "must name the kinds of touchpoints that earn points"
        yield from unknown_kinds("on", self.on)
        if self.anniversary is not None and self.anniversary.of:
            yield from unknown_kinds("anniversary.of", (self.anniversary.of,))
        if not self.by_timer:
            return
        if self.on or (self.anniversary is not None and self.expiring_days is not None):
            yield "on", "has several triggers: kinds of touchpoints, an anniversary or expiring_days, not two of them"
        used = {field: getattr(self, field) != getattr(_PLAIN, field) for field in OF_EVENTS}
        yield from ((field, "is about an event, and a timer has none") for field, is_used in used.items() if is_used)

    def _points_mistakes(self) -> Iterator[Mistake]:
        if self.points < 0 or self.points_per_unit < 0 or not (self.points + self.points_per_unit or self.grants):
            yield "points", "a reward needs points or points_per_unit above zero, a coupon or a draw"
        for field, points, most in (
            ("points", self.points, MAX_POINTS),
            ("points_per_unit", self.points_per_unit, MAX_POINTS_PER_UNIT),
        ):
            if points > most:
                yield field, f"{points} is too many: {most} is the most"
        if self.points_per_unit and not set(self.on) <= kinds.MONEY - {kinds.RETURN}:
            yield "points_per_unit", "only a sale has an amount"

    def _term_mistakes(self, brand: Sections) -> Iterator[Mistake]:
        for index, product in enumerate(self.products):
            yield from unknown_reference(f"products[{index}]", product, brand.products)
        for index, category in enumerate(self.categories):
            yield from unknown_name(f"categories[{index}]", category, brand.categories, "no product has the category")
        for index, multiplier in enumerate(self.multipliers):
            yield from multiplier.mistakes(f"multipliers[{index}]", brand)
        if self.multipliers and not self.points + self.points_per_unit:
            yield "multipliers", "there are no points to multiply"
        if self.caps != Caps():
            yield from self.caps.mistakes()
        if self.streak is not None:
            yield from self.streak.mistakes()
        if self.milestone is not None:
            yield from self.milestone.mistakes()
        often = sum((self.once, self.streak is not None, self.milestone is not None))
        if self.caps != Caps() and not self.caps.is_set and not often:
            yield "caps", "has neither day, week nor ever"
        if often > 1:
            yield "once", "is one of once, streak and milestone: name one of them"
        if self.anniversary is not None:
            yield from self.anniversary.mistakes()
        if self.expiring_days is not None and not 1 <= self.expiring_days <= MAX_EXPIRING_DAYS:
            yield "expiring_days", f"{self.expiring_days} is not between 1 and {MAX_EXPIRING_DAYS}"
        yield from unknown_reference("campaign", self.campaign, brand.campaigns)
        yield from unknown_reference("coupon", self.coupon, brand.coupon_pools)
        if self.draw and not ID.fullmatch(self.draw):
            yield "draw", f"{self.draw!r} must be letters, digits, '-', '_' or '.'"
        if self.until or self.earlier:
            yield "earlier", "is kept by `footpath brand apply`: files have the present version of a rule alone"

    @property
    def grants(self) -> tuple[str, ...]:
        """What it claims beside points: the limits, such as ``pool/spring``."""
        coupon = (f"pool/{self.coupon}",) if self.coupon else ()
        return (*coupon, f"draw/{self.draw}") if self.draw else coupon


OF_EVENTS: Final = (
    "placements",
    "purchases_at_least",
    "public_keys",
    "condition",
    "trust_at_least",
    "products",
    "categories",
    "once",
    "streak",
    "milestone",
    "caps",
    "multipliers",
    "points_per_unit",
    "campaign",
    "coupon",
    "draw",
)
"""Fields that a rule by a timer cannot use."""
_PLAIN: Final = Reward(id="plain", version=0)
