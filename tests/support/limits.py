"""Limits without Kafka: the owner and the holders of one, each with its worker's view of the brand, and messages in
flight. Messages from one key to another stay in order; nothing else does."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from processors.budgets.core import PROCESSOR
from processors.budgets.keys import holder_of
from processors.reference import Reference
from processors.shell.apply import apply_due, apply_event, wakes_at
from processors.shell.state.records import Active, StateRecord, StateRecordCodec
from processors.step import Effect, Emit
from schemas.brand.campaigns import Campaign
from schemas.brand.coupon_pools import CouponPool, Discount
from schemas.brand.limits import size_of
from schemas.events import BudgetAnswered, BudgetClaimed
from tests.support.reference import reference

SPRING = "campaign/spring"
OUTSIDE = ""


POOL = "pool/ten"


def brand_of(size: int | None, limit: str = SPRING) -> Reference:
    """With a campaign of so many points, or a pool of so many coupons; None: without it."""
    if limit == POOL and size is not None:
        discount = Discount(percent=Decimal(10))
        return reference(coupon_pools=(CouponPool(id="ten", title="Ten off", size=size, discount=discount),))
    return reference(campaigns=(Campaign(id="spring", budget_points=size),) if size is not None else ())


@dataclass
class Limits:
    """The rows of one limit. ``size`` is what the brand says now; a key hears of it with `hear`. ``granted`` has the
    units that each claim holds."""

    size: int | None
    limit: str = SPRING
    records: dict[str, StateRecord] = field(default_factory=dict)
    flying: dict[tuple[str, str], list[BudgetClaimed]] = field(default_factory=dict)
    answers: list[BudgetAnswered] = field(default_factory=list)
    granted: Counter[str] = field(default_factory=Counter)
    views: dict[str, Reference] = field(default_factory=dict)
    delivered: list[BudgetClaimed] = field(default_factory=list)
    messages: int = 0
    numbers: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._codec = StateRecordCodec(PROCESSOR.state)
        self._brand = brand_of(self.size, self.limit)

    def claim(self, id: str, units: int = 1) -> None:
        """Something that earns units asks for them, or asks again."""
        self._from_outside(id, "claim", units)

    def release(self, id: str, kept: int = 0) -> None:
        """A claim keeps so many of its units. The coupon of one that keeps none was never issued."""
        self.numbers = {number: claim for number, claim in self.numbers.items() if claim != id or kept}
        self._from_outside(id, "release", kept)

    def _from_outside(self, id: str, action: str, units: int) -> None:
        self.messages += 1
        event = BudgetClaimed(
            event_id=f"outside-{self.messages}", occurred_at=1_000_000, key=holder_of(self.limit, id), limit=self.limit,
            action=action, claim_id=id, units=units, person_id=f"person-{id}", source_profile_id=f"profile-{id}",
            rule="r", source_event_id=f"event-{id}",
        )  # fmt: skip
        self.flying.setdefault((OUTSIDE, event.key), []).append(event)

    def put(self, event: BudgetClaimed) -> None:
        """A claim or release that a processor sent."""
        self.flying.setdefault((OUTSIDE, event.key), []).append(event)

    @property
    def held(self) -> int:
        """Units that holders say claims have."""
        return sum(
            sum(units >= 0 if self.limit == POOL else max(0, units) for units in one.state.holder.granted.values())
            for one in self._active()
            if one.state.holder is not None
        )

    def resize(self, size: int | None) -> None:
        """Another configuration; nobody has heard of it yet."""
        self.size, self._brand = size, brand_of(size, self.limit)

    def hear(self, key: str) -> None:
        """The worker of a key learns the configuration."""
        self.views[key] = self._brand

    def hear_all(self) -> None:
        """Every worker learns the configuration."""
        for key in {*self.records, *self.views}:
            self.hear(key)

    def view(self, key: str) -> Reference:
        """The configuration as the worker of a key knows it."""
        return self.views.setdefault(key, self._brand)

    def deliver(self, way: tuple[str, str], twice: bool = False) -> None:
        """The first message from one key to another arrives."""
        event = self.flying[way].pop(0)
        if not self.flying[way]:
            del self.flying[way]
        for _ in range(1 + twice):
            before = self.records.get(event.key)
            outcome = apply_event(PROCESSOR, self._codec, before, event, self.view(event.key))
            self._store(event.key, outcome.record, outcome.effects)
        self.delivered.append(event)

    def wake(self) -> bool:
        """The timer that is due first; whether there was one."""
        due = [(at, key) for key, one in self.records.items() if (at := wakes_at(PROCESSOR, one)) is not None]
        if not due:
            return False
        at, key = min(due)
        record = self.records[key]
        assert isinstance(record, Active)
        outcome = apply_due(PROCESSOR, record, at, self.view(key))
        self._store(key, outcome.record, outcome.effects)
        return True

    def settle(self) -> None:
        """Everything arrives, and every timer is done."""
        for _ in range(100_000):
            if self.flying:
                self.deliver(next(iter(self.flying)))
            elif not self.wake():
                return
        raise AssertionError("messages go on for ever")

    @property
    def total(self) -> int:
        """Units that claims hold."""
        return sum(self.granted.values())

    @property
    def waiting(self) -> int:
        """Claims without an answer."""
        return sum(len(one.state.holder.waiting) for one in self._active() if one.state.holder is not None)

    def spare(self) -> int:
        """Units that holders could grant, in their rows or on the way between them and the owner."""
        held = sum(sum(one.state.holder.free[1::2]) for one in self._active() if one.state.holder is not None)
        flying = (event for events in self.flying.values() for event in events if event.action != "inherit")
        return held + sum(sum(event.numbers[1::2]) for event in flying)

    def known_size(self) -> int:
        """The limit as its owner knows it."""
        return size_of(self.view(self.limit).brand, self.limit)

    def _active(self) -> list[Active]:  # type: ignore[type-arg]
        return [one for one in self.records.values() if isinstance(one, Active) and one.state is not None]

    def _store(self, key: str, record: StateRecord | None, effects: tuple[Effect, ...]) -> None:
        if record is not None:
            self.records[key] = self._codec.decode(self._codec.encode(record))
        for effect in effects:
            if not isinstance(effect, Emit):
                continue
            assert effect.transactional
            if isinstance(effect.event, BudgetAnswered):
                self._answered(effect.event)
            else:
                assert isinstance(effect.event, BudgetClaimed)
                event = msgspec.structs.replace(effect.event)
                self.flying.setdefault((key, event.key), []).append(event)

    def _answered(self, answer: BudgetAnswered) -> None:
        if self.limit == POOL and answer.outcome == "granted" and answer.units:
            assert answer.units == 1 and answer.first not in self.numbers, "a coupon is granted once"
            self.numbers[answer.first] = answer.claim_id
        assert all(one.claim_id != answer.claim_id or one.outcome != "granted" for one in self.answers)
        self.answers.append(answer)
        self.granted[answer.claim_id] += answer.units
