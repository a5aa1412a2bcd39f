"""Budgets: reads and writes budget-claimed, writes budget-answered; keyed by the limit, or by a holder of its
leases.

A limit over all people grants so many units and not one more, whatever partition a claim comes from. Its ``owner``
hands leases of units to its ``holder``s, which answer the claims: so a limit that everybody wants is not one row that
everybody waits for. A claim has one answer for ever: it always comes to the same holder, which remembers it (``keys``).

Each unit is at one place at a time, and every message is transactional: what one row gives away and what the next one
gets are the same units after any crash. A release says what the claim keeps, so the same twice changes nothing.
"""

import msgspec

from processors.budgets import owner as owners
from processors.budgets.holder import Holding
from processors.budgets.state import Holder, LimitState, Owner
from processors.reference import Reference
from processors.step import Effect, Processor, Step
from schemas.brand.limits import size_of
from schemas.events import BudgetClaimed
from schemas.topics import BUDGET_ANSWERED, BUDGET_CLAIMED


def step(state: LimitState | None, event: BudgetClaimed, reference: Reference) -> Step[LimitState]:
    """A claim, a release, or a message between owner and holders."""
    size = size_of(reference.brand, event.limit)
    if event.key == event.limit:
        before = (state.owner if state is not None else None) or Owner()
        owner, effects = owners.with_message(before, event, size)
        return Step(LimitState(owner=owner), effects)
    holder = (state.holder if state is not None else None) or Holder()
    holding = Holding(holder, event.key, event.limit, event.occurred_at, size)
    after, effects = holding.told(event)
    if after is holder:
        return Step(state, effects)
    return Step(LimitState(holder=after, key=event.key, limit=event.limit), effects)


def merge(winner: LimitState | None, loser: LimitState) -> Step[LimitState]:
    """What is known belongs to a limit, not to a person: it is only ever merged with itself."""
    return Step(winner or loser)


def erase(state: LimitState) -> tuple[Effect, ...]:
    """Nothing is of a person."""
    return ()


def wakes(state: LimitState) -> int | None:
    """When a holder asks its owner again."""
    return (state.holder.wake or None) if state.holder is not None else None


def due(state: LimitState, at: int, reference: Reference) -> Step[LimitState]:
    """A holder asks its owner again."""
    assert state.holder is not None
    holding = Holding(state.holder, state.key, state.limit, at, size_of(reference.brand, state.limit))
    after, effects = holding.woken()
    return Step(msgspec.structs.replace(state, holder=after), effects)


PROCESSOR = Processor(
    name="budgets",
    sources=(BUDGET_CLAIMED,),
    emits=(BUDGET_CLAIMED, BUDGET_ANSWERED),
    state=LimitState,
    step=step,
    merge=merge,
    erase=erase,
    wakes=wakes,
    due=due,
    linger_ms=20,
)
