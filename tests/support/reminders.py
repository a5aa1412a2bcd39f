"""A processor by person for tests of timers: reminds of each touchpoint once, some time after it, unless a sale or a
return of the same source profile comes first, which is on another topic.

A touchpoint's amount is the time after it (microseconds) at which its reminder is due. A reminder is a ledger entry
whose points are the number of touchpoints of the source profile that were applied before, so its bytes say with what it
was made.
"""

from dataclasses import replace
from typing import Any

import msgspec

from processors import parts
from processors.parts import Parts
from processors.step import Effect, Emit, Processor, Step
from schemas import kinds
from schemas.events import RewardPosted, SaleReturned, TouchpointIdentified
from schemas.ids import derived
from schemas.topics import (
    IDENTITY_CHANGED,
    PROFILE_ERASED,
    REWARD_POSTED,
    SALE_RETURNED,
    STATE_MOVED,
    TOUCHPOINT_IDENTIFIED,
)

RULE = "reminder"


class Reminders(msgspec.Struct, frozen=True, array_like=True):
    """Of one source profile: when each touchpoint was and when its reminder is due, by event id; what was done or
    cancelled; all events; times of sales and returns; how many touchpoints. Topics have no order among each other, so
    times decide."""

    pending: dict[str, tuple[int, int]] = {}
    over: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    sales: frozenset[int] = frozenset()
    touchpoints: int = 0

    def joined(self, other: "Reminders") -> "Reminders":
        over = self.over | other.over
        pending = {id: due for id, due in (self.pending | other.pending).items() if id not in over}
        touchpoints = max(self.touchpoints, other.touchpoints)
        return Reminders(pending, over, self.seen | other.seen, self.sales | other.sales, touchpoints)


class People(Parts[Reminders], frozen=True, array_like=True):
    """By source profile."""


def step(people: People | None, event: TouchpointIdentified | SaleReturned, reference: Any) -> Step[People]:
    before, profile = people or People(), event.source_profile_id
    part = before.parts.get(profile, Reminders())
    if event.event_id in part.seen:
        return Step(people)
    pending, sales, at = part.pending, part.sales, event.occurred_at
    if isinstance(event, SaleReturned) or event.type == kinds.SALE:
        sales |= {at}
    elif event.amount_micros:
        pending = pending | {event.event_id: (at, at + event.amount_micros)}
    cancelled = {id for id, (touched, due) in pending.items() if any(touched < sale < due for sale in sales)}
    left = {id: times for id, times in pending.items() if id not in cancelled}
    touchpoints = part.touchpoints + isinstance(event, TouchpointIdentified)
    after = Reminders(left, part.over | cancelled, part.seen | {event.event_id}, sales, touchpoints)
    return Step(before.with_part(profile, after))


def wakes(people: People) -> int | None:
    return min((due for part in people.parts.values() for _, due in part.pending.values()), default=None)


def due(people: People, at: int, reference: Any) -> Step[People]:
    effects: list[Effect] = []
    for profile, part in people.parts.items():
        now = [id for id, (_, moment) in part.pending.items() if moment <= at]
        if now:
            effects += [Emit(_reminder(profile, id, at, part.touchpoints), transactional=True) for id in sorted(now)]
            left = {id: times for id, times in part.pending.items() if id not in now}
            after = msgspec.structs.replace(part, pending=left, over=part.over | set(now))
            people = people.with_part(profile, after)
    return Step(people, tuple(effects))


def merge(winner: People | None, loser: People) -> Step[People]:
    return Step(winner.joined(loser) if winner is not None else loser)


def erase(people: People) -> tuple[Effect, ...]:
    return ()


def _reminder(profile: str, event_id: str, at: int, seen: int) -> RewardPosted:
    return RewardPosted(
        event_id=derived(RULE, event_id),
        occurred_at=at,
        person_id=profile,
        kind="earned",
        points=seen,
        rule=RULE,
        rule_version=1,
        source_event_id=event_id,
        source_profile_id=profile,
    )


PROCESSOR = Processor(
    name="reminders",
    sources=(TOUCHPOINT_IDENTIFIED, SALE_RETURNED, IDENTITY_CHANGED, STATE_MOVED, PROFILE_ERASED),
    emits=(REWARD_POSTED,),
    state=People,
    step=step,
    merge=merge,
    erase=erase,
    by_person=True,
    split=parts.split,
    wakes=wakes,
    due=due,
)
WITHOUT_RETURNS = replace(PROCESSOR, sources=(TOUCHPOINT_IDENTIFIED, IDENTITY_CHANGED, STATE_MOVED, PROFILE_ERASED))
"""For a cluster in which rewards does not run: timers wait for processors upstream."""
