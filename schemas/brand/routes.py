"""Section ``routes``: which action answers a scan."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar, Literal

import msgspec

from schemas import kinds
from schemas.brand.action import Action
from schemas.brand.expressions import expression_mistakes
from schemas.brand.item import (
    Item,
    Mistake,
    Part,
    Sections,
    below_one,
    beyond_int,
    no_trust,
    unknown_name,
    unknown_reference,
)
from schemas.brand.schedule import Schedule, window_mistakes
from schemas.brand.tags import PLACEMENTS
from schemas.expressions.inputs import CONTEXT

Moment = Literal["know", "go", "buy", "do"]
"""The micro-moments: wanting to know, to go somewhere, to buy, to do something."""
ANSWERED = (kinds.SCAN, kinds.NFC_TAP)
"""The kinds of touchpoints that get an answer."""
MAX_AMOUNT = Decimal(10**12)
FALLBACK = "fallback"
"""What decisions have as their route when none applied."""
RESERVED = {FALLBACK: "decisions without a route", kinds.PROBE: "the probes of gateways"}
"""Ids that no route may have, and whose they are."""


class When(Part, frozen=True):
    """Conditions of a route; all that are given must hold. Stock is that of the tag's product in the tag's store.

    Of purchases those count of which something was kept. ``spent_at_least`` is what stayed paid, in the brand's
    currency; ``bought_within_days`` counts 24 hours a day, back from the scan; of ``bought_categories`` one is enough.
    ``trust_at_least`` is of the scan, 0 to 100 (``schemas.trust.score``).
    ``experiment`` has the variant that must have been drawn, by experiment.
    """

    later: ClassVar[frozenset[str]] = frozenset({"experiment", "trust_at_least"})

    types: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    open: bool | None = None
    in_store: bool | None = None
    stock_at_least: int | None = None
    stock_at_most: int | None = None
    visits_at_least: int | None = None
    bought: bool | None = None
    purchases_at_least: int | None = None
    spent_at_least: Decimal | None = None
    bought_within_days: int | None = None
    bought_categories: tuple[str, ...] = ()
    experiment: dict[str, str] = msgspec.field(default_factory=dict)
    trust_at_least: int | None = None

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        for name in self.types:
            yield from unknown_name("when.types", name, ANSWERED, "no answered kind of touchpoint is called")
        for placement in self.placements:
            yield from unknown_name("when.placements", placement, PLACEMENTS, "no placement is called")
        for store in self.stores:
            yield from unknown_reference("when.stores", store, brand.stores)
        for tag in self.tags:
            yield from unknown_reference("when.tags", tag, brand.tags)
        for field, names in (("categories", self.categories), ("bought_categories", self.bought_categories)):
            for name in names:
                yield from unknown_name(f"when.{field}", name, brand.categories, "no product is of the category")
        yield from self._number_mistakes()
        for experiment, variant in self.experiment.items():
            yield from unknown_reference("when.experiment", experiment, brand.experiments)
            if known := brand.experiments.get(experiment):
                arms = [one.id for one in known.variants]
                field = f"when.experiment.{experiment}"
                yield from unknown_name(field, variant, arms, f"no variant of {experiment} is called")

    def _number_mistakes(self) -> Iterator[Mistake]:
        yield from no_trust("when.trust_at_least", self.trust_at_least)
        yield from below_one("when.purchases_at_least", self.purchases_at_least)
        yield from below_one("when.bought_within_days", self.bought_within_days)
        spent, least, most = self.spent_at_least, self.stock_at_least, self.stock_at_most
        if spent is not None and not (spent.is_finite() and spent > 0):
            yield "when.spent_at_least", f"{spent} is no amount above zero"
        elif spent is not None and spent >= MAX_AMOUNT:
            yield "when.spent_at_least", f"{spent} is more than any event's amount"
        if most is not None and most < 0:
            yield "when.stock_at_most", f"{most} never holds: the least stock is 0"
        elif least is not None and most is not None and least > most:
            yield "when.stock_at_most", f"{most} never holds together with stock_at_least: {least}"


class Route(Item, frozen=True):
    """A rule that offers an action. Order is total: higher priority first, then the smaller id.

    ``promotes_product`` routes never win when the product is known to be out of stock. ``if`` is an expression
    (``schemas.expressions``) that must hold beside ``when``. ``schedule`` says when it answers, ``not_again_within``
    ("7 days", "12 hours") how soon not again to the same person, as far as they allow personalisation.
    """

    section: ClassVar[str] = "routes"
    kind: ClassVar[str] = "route"

    priority: int
    moment: Moment
    action: Action
    when: When = When()
    promotes_product: bool = False
    condition: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="if")
    schedule: Schedule | msgspec.UnsetType = msgspec.UNSET
    not_again_within: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def expression(self) -> str:
        """The text of ``if``; empty where there is none."""
        return self.condition if isinstance(self.condition, str) else ""

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if self.id in RESERVED:
            yield "id", f"{self.id} is the name of {RESERVED[self.id]}"
        yield from beyond_int("priority", self.priority)
        if self.promotes_product and self.when.stock_at_most == 0:
            yield "promotes_product", "never holds together with when.stock_at_most: 0: nothing is in stock then"
        yield from self.when.mistakes(brand)
        yield from expression_mistakes("if", self.condition, CONTEXT)
        if isinstance(self.schedule, Schedule):
            yield from self.schedule.mistakes()
        if isinstance(self.not_again_within, str):
            yield from window_mistakes("not_again_within", self.not_again_within)
        yield from self.action.mistakes(brand)

    def precedence(self) -> tuple[Any, ...]:
        return (-self.priority, self.id)
