"""The owner of a limit: leases units to holders, and takes back what they have left when others wait for it.

What is out on lease never exceeds the limit as the owner's worker knows it, so holders grant on their own. An owner
that has nothing left asks every holder that could have units to give them back, and says that the limit is exhausted
(by a lease of less than was asked for) only when all of them have answered.
"""

from typing import Final

import msgspec

from processors.budgets.keys import HOLDERS
from processors.budgets.state import Owner
from processors.budgets.units import NO_NUMBER, NONE, Units, below, count, divided, joined
from processors.step import Effect, Emit
from schemas.brand.limits import DRAW, GONE, NUMBERED, kind_of
from schemas.events import BudgetClaimed
from schemas.ids import derived

ASK, LEASE, RECALL, RECALLED, RETURN = "ask", "lease", "recall", "recalled", "return"
SHARE: Final = 2 * HOLDERS
"""A holder gets what it waits for and this part of what is left, so that it need not ask for each claim."""
MAX_SPARE: Final = 512
"""At so many holders that can have something left, others get what they wait for and no more."""
MOST_TICKETS: Final = 100
"""Entries of a draw that a holder has in stock: there is no end of them, and their numbers should not have gaps."""
replace = msgspec.structs.replace


def with_message(owner: Owner, event: BudgetClaimed, size: int) -> tuple[Owner, tuple[Effect, ...]]:
    """The owner after a holder's message, and what it hands out. :param size: of the limit; ``GONE``: it has none."""
    came = replace(owner, out=owner.out - count(event.numbers))
    if kind_of(event.limit) in NUMBERED:
        came = replace(came, free=joined(owner.free, event.numbers))
    if event.action == ASK:
        # Whoever asks gives back what it has left.
        came = replace(
            came,
            waiting=came.waiting | {event.holder: event.units},
            spare={holder: most for holder, most in came.spare.items() if holder != event.holder},
        )
    elif event.action == RECALLED:
        came = replace(
            came,
            recalled=came.recalled - {event.holder},
            spare={holder: most for holder, most in came.spare.items() if holder != event.holder},
        )
    return _served(came, event, size)


def _served(owner: Owner, event: BudgetClaimed, size: int) -> tuple[Owner, tuple[Effect, ...]]:
    waiting, effects = dict(owner.waiting), list[Effect]()
    most = MOST_TICKETS if kind_of(event.limit) == DRAW else size
    for holder, wanted in owner.waiting.items():
        left = _left(owner, event.limit, size)
        if wanted <= left:
            spare = 0 if owner.recalled or len(owner.spare) >= MAX_SPARE else min((left - wanted) // SHARE, most)
        elif size != GONE and owner.recalled:
            break
        elif size != GONE and owner.spare:
            owner = replace(owner, recalled=frozenset(owner.spare))
            effects += (_recall(one, event, owner.leases) for one in sorted(owner.spare))
            break
        else:
            wanted, spare = left, 0
        owner, units = _given(owner, event.limit, wanted + spare)
        owner = replace(owner, leases=owner.leases + 1)
        if units:
            # Also what it waits for may come back: its claims may be another's by the time that the lease arrives.
            owner = replace(owner, spare=owner.spare | {holder: wanted + spare})
        effects.append(_lease(holder, event, units, size, owner.leases))
        del waiting[holder]
    return replace(owner, waiting=waiting), tuple(effects)


def _left(owner: Owner, limit: str, size: int) -> int:
    left = max(0, size - owner.out)
    if kind_of(limit) not in NUMBERED:
        return left
    # A limit that shrank has fewer numbers, whichever of them are out.
    return min(left, count(below(owner.free, size)) + max(0, size - owner.fresh))


def _given(owner: Owner, limit: str, many: int) -> tuple[Owner, Units]:
    """The owner without so many units, and these."""
    if not many:
        return owner, NONE
    out = owner.out + many
    if kind_of(limit) not in NUMBERED:
        return replace(owner, out=out), (NO_NUMBER, many)
    units, free = divided(owner.free, many)
    fresh = many - count(units)
    if fresh:
        units = joined(units, (owner.fresh, fresh))
    return replace(owner, out=out, free=free, fresh=owner.fresh + fresh), units


def _lease(holder: str, event: BudgetClaimed, units: Units, size: int, number: int) -> Emit:
    lease = BudgetClaimed(
        event_id=derived("budget lease", holder, str(number)),
        occurred_at=event.occurred_at,
        key=holder,
        limit=event.limit,
        action=LEASE,
        units=count(units),
        numbers=units,
        size=size,
    )
    return Emit(lease, transactional=True)


def _recall(holder: str, event: BudgetClaimed, number: int) -> Emit:
    recall = BudgetClaimed(
        event_id=derived("budget recall", holder, str(number)),
        occurred_at=event.occurred_at,
        key=holder,
        limit=event.limit,
        action=RECALL,
    )
    return Emit(recall, transactional=True)
