"""Section ``referral``: what a recommendation earns both sides."""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar, Final

from schemas import kinds
from schemas.brand.item import Item, Mistake, Sections, beyond_int, unknown_kinds, unknown_reference

MAX_POINTS: Final = 10**9
MAX_AMOUNT: Final = Decimal(10**9)
DAYS: Final = range(1, 367)
DAY_US: Final = 86_400_000_000
MOST_PER_YEAR: Final = 50
"""Paid referrals of a person: each is remembered in the person's row."""
MICROS: Final = 1_000_000


class Referral(Item, frozen=True, omit_defaults=True):
    """The programme of the brand, of which there is one; its id is the rule of the ledger's entries.

    Whoever follows somebody's personal link, which is answered as ``tag``, is that person's friend. The friend's first
    event ever of the kinds ``on``, within ``window_days`` of following the link and of at least ``minimum`` of the
    brand's currency where it is a sale, qualifies; once ``return_days`` have passed without a return that leaves less,
    both get their points, under ``version`` of the rule.

    ``per_household``: friends who share an identifier of their purchases, such as a card, pay so often at most.
    ``per_year``: so many of a person's referrals pay in a calendar year (UTC).
    """

    section: ClassVar[str] = "referral"
    kind: ClassVar[str] = "referral"

    version: int
    tag: str
    referrer_points: int
    friend_points: int = 0
    on: tuple[str, ...] = (kinds.SALE,)
    minimum: Decimal = Decimal(0)
    window_days: int = 30
    return_days: int = 14
    per_household: int = 1
    per_year: int = 12

    @property
    def minimum_micros(self) -> int:
        """Millionths of the brand's currency."""
        return int(self.minimum * MICROS)

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from beyond_int("version", self.version)
        if len(brand.referral) > 1:
            yield "id", "is one of several programmes; a brand has one"
        yield from unknown_reference("tag", self.tag, brand.tags)
        if (tag := brand.tags.get(self.tag)) is not None and tag.security:
            yield "tag", f"{self.tag} asks for a proof in its link, which a personal link has in another way"
        if not self.on:
            yield "on", "must name the kinds of events by which a friend qualifies"
        yield from unknown_kinds("on", self.on)
        if kinds.RETURN in self.on:
            yield "on", "cannot be a return: it takes back what qualified"
        for field, points in (("referrer_points", self.referrer_points), ("friend_points", self.friend_points)):
            if not 0 <= points <= MAX_POINTS:
                yield field, f"{points} is not between 0 and {MAX_POINTS}"
        if not self.minimum.is_finite() or not 0 <= self.minimum < MAX_AMOUNT:
            yield "minimum", f"{self.minimum} is no amount from 0 to {MAX_AMOUNT}"
        elif self.minimum and self.on != (kinds.SALE,):
            yield "minimum", "needs on: [sale], which alone has an amount"
        for field, days in (("window_days", self.window_days), ("return_days", self.return_days)):
            if days not in DAYS and not (field == "return_days" and days == 0):
                yield field, f"{days} are no days from {0 if field == 'return_days' else 1} to {DAYS[-1]}"
        if not 1 <= self.per_household <= MOST_PER_YEAR:
            yield "per_household", f"{self.per_household} is not from 1 to {MOST_PER_YEAR}"
        if not 1 <= self.per_year <= MOST_PER_YEAR:
            yield "per_year", f"{self.per_year} is not from 1 to {MOST_PER_YEAR}"
