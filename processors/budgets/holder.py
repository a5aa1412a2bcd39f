"""A holder of leases: answers the claims that its key stands for, each once, from the units that it has.

A claim that finds no units waits until the owner has answered. The last one gets what is left, so that nothing stays
unspent. Units are granted while this worker knows the size of the limit under which they were leased: when another
configuration comes, they go back first. Workers do not learn of it at the same moment, so a holder whose owner knows
another size gives back what it got and asks again a little later.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from processors.budgets.keys import child_of, mark_of
from processors.budgets.owner import ASK, LEASE, RECALL, RECALLED, RETURN
from processors.budgets.state import Holder, Waiting
from processors.budgets.units import NO_NUMBER, NONE, Units, count, divided, joined, ranges
from processors.step import Drop, Effect, Emit
from schemas.brand.limits import GONE, NUMBERED, kind_of
from schemas.events import BudgetAnswered, BudgetClaimed
from schemas.ids import derived
from schemas.reasons import DropReason

CLAIM, RELEASE, INHERIT = "claim", "release", "inherit"
GRANTED, EXHAUSTED, CLOSED = "granted", "exhausted", "closed"
MOST_GRANTED: Final = 4096
"""Claims that a row remembers, some 12 bytes each; at more, others take over."""
MOST_WAITING: Final = 512
"""Likewise those without an answer, some 250 bytes each."""
TRIES: Final = 12
"""How often the owner is asked until its size counts, whatever this worker knows."""
TRIES_WHEN_GONE: Final = 4
"""Likewise where both know no such limit: whoever claimed did."""
LONGEST_WAIT_S: Final = 8
DUPLICATE: Final = Drop(DropReason.DUPLICATE)
replace = msgspec.structs.replace


class Holding(msgspec.Struct, frozen=True, gc=False):
    """A holder with its key, the limit, the time of what happens (microseconds), and the limit's size as this worker
    knows it."""

    holder: Holder
    key: str
    limit: str
    at: int
    size: int

    def told(self, event: BudgetClaimed) -> tuple[Holder, tuple[Effect, ...]]:
        """After a message."""
        if self.holder.divided:
            return self._passed_on(event)
        if event.action == CLAIM:
            return self._claimed(event)
        if event.action == RELEASE:
            return self._released(event)
        if event.action == LEASE:
            return self._leased(event)
        if event.action == RECALL:
            after, back = self._emptied()
            return self._sent(after, RECALLED, back)
        granted = dict(ranges(event.numbers))
        return replace(self.holder, granted=granted | self.holder.granted), ()

    def woken(self) -> tuple[Holder, tuple[Effect, ...]]:
        """At its time: the owner is asked again."""
        return replace(self, holder=replace(self.holder, wake=0))._served()

    def _claimed(self, event: BudgetClaimed) -> tuple[Holder, tuple[Effect, ...]]:
        mark, before = mark_of(event.claim_id), self.holder
        if mark in before.granted or mark in before.waiting:
            return before, (DUPLICATE,)
        claim = Waiting(
            event.claim_id,
            1 if kind_of(self.limit) in NUMBERED else max(event.units, 1),
            event.occurred_at,
            event.person_id,
            event.source_profile_id,
            event.rule,
            event.source_event_id,
        )
        after, effects = replace(self, holder=replace(before, waiting=before.waiting | {mark: claim}))._served()
        if len(after.granted) <= MOST_GRANTED and len(after.waiting) <= MOST_WAITING:
            return after, effects
        divided, further = replace(self, holder=after)._divided()
        return divided, (*effects, *further)

    def _released(self, event: BudgetClaimed) -> tuple[Holder, tuple[Effect, ...]]:
        mark, before, kept = mark_of(event.claim_id), self.holder, max(event.units, 0)
        holds = before.granted.get(mark)
        if holds is None:
            claim = before.waiting.get(mark)
            if claim is None or (claim.kept is not None and claim.kept <= kept):
                return before, (DUPLICATE,)
            # The owner may be on its way to lease these units: they go back once they are here.
            return replace(before, waiting=before.waiting | {mark: replace(claim, kept=kept)}), ()
        if kind_of(self.limit) in NUMBERED:
            if kept or holds == NO_NUMBER:
                return before, (DUPLICATE,)
            kept, back = NO_NUMBER, (holds, 1)
        elif kept >= holds:
            return before, (DUPLICATE,)
        else:
            back = (NO_NUMBER, holds - kept)
        return self._sent(replace(before, granted=before.granted | {mark: kept}), RETURN, back)

    def _leased(self, event: BudgetClaimed) -> tuple[Holder, tuple[Effect, ...]]:
        before = self.holder
        covered = list(before.waiting.values())[: before.asked]
        tries = TRIES_WHEN_GONE if event.size == self.size else TRIES
        if (event.size == GONE or event.size != self.size) and before.tries < tries:
            wait_s = min(2**before.tries, LONGEST_WAIT_S)
            after = replace(before, asked=0, tries=before.tries + 1, wake=self.at + wait_s * 1_000_000)
            return self._sent(after, RETURN, event.numbers) if event.numbers else (after, ())
        is_last = count(event.numbers) < sum(claim.units for claim in covered)
        after = replace(before, free=joined(before.free, event.numbers), size=self.size, asked=0, tries=0)
        answers = list[Effect]()
        if is_last or event.size == GONE:
            reason = CLOSED if event.size == GONE else EXHAUSTED
            for claim in covered:
                after, answer = self._answered(after, claim, reason)
                answers += answer
        served, effects = replace(self, holder=after)._served()
        return served, (*answers, *effects)

    def _served(self) -> tuple[Holder, tuple[Effect, ...]]:
        """Grants what can be granted; what cannot is asked for."""
        after, answers = self.holder, list[Effect]()
        if after.asked or after.wake or not after.waiting:
            return after, ()
        if after.size == self.size:
            for claim in after.waiting.values():
                if claim.units > count(after.free):
                    break
                after, answer = self._answered(after, claim, EXHAUSTED)
                answers += answer
        if not after.waiting:
            return after, tuple(answers)
        asking, back = replace(self, holder=after)._emptied()
        asking = replace(asking, asked=len(asking.waiting))
        asking, effects = self._sent(asking, ASK, back, sum(claim.units for claim in asking.waiting.values()))
        return asking, (*answers, *effects)

    def _answered(self, holder: Holder, claim: Waiting, otherwise: str) -> tuple[Holder, tuple[Effect, ...]]:
        """The holder once a claim has got its units, or what is left of them. :param otherwise: when that is none."""
        mark, is_numbered = mark_of(claim.claim_id), kind_of(self.limit) in NUMBERED
        units, free = divided(holder.free, claim.units)
        many, first = count(units), units[0] if units else NO_NUMBER
        waiting = {other: one for other, one in holder.waiting.items() if other != mark}
        holder, effects = replace(holder, waiting=waiting, free=free), tuple[Effect, ...]()
        if many and claim.kept is not None and claim.kept < many:
            # Nobody wants them any more.
            many = 0 if is_numbered else claim.kept
            kept, back = divided(units, many)
            first = kept[0] if kept else NO_NUMBER
            holder, effects = self._sent(holder, RETURN, back)
        if units:
            holder = replace(holder, granted=holder.granted | {mark: first if is_numbered else many})
        answer = BudgetAnswered(
            event_id=derived("budget answered", self.limit, claim.claim_id, GRANTED if units else otherwise),
            occurred_at=claim.occurred_at,
            limit=self.limit,
            claim_id=claim.claim_id,
            outcome=GRANTED if units else otherwise,
            units=many,
            first=first,
            person_id=claim.person_id,
            source_profile_id=claim.source_profile_id,
            rule=claim.rule,
            source_event_id=claim.source_event_id,
        )
        return holder, (Emit(answer, transactional=True), *effects)

    def _emptied(self) -> tuple[Holder, Units]:
        return replace(self.holder, free=NONE), self.holder.free

    def _sent(self, holder: Holder, action: str, units: Units, wanted: int = 0) -> tuple[Holder, tuple[Effect, ...]]:
        """The holder once it has sent units back to the owner."""
        after = replace(holder, messages=holder.messages + 1)
        message = BudgetClaimed(
            event_id=derived("budget message", self.key, str(after.messages)),
            occurred_at=self.at,
            key=self.limit,
            limit=self.limit,
            action=action,
            units=wanted,
            holder=self.key,
            numbers=units,
        )
        return after, (Emit(message, transactional=True),)

    def _divided(self) -> tuple[Holder, tuple[Effect, ...]]:
        """Others take over: each gets the claims that it stands for. A lease that is on its way will go back."""
        before, heirs = self.holder, dict[str, list[int]]()
        for mark, holds in before.granted.items():
            heirs.setdefault(child_of(self.key, self.limit, mark), []).extend((mark, holds))
        inherits = (
            BudgetClaimed(
                event_id=derived("budget inherited", heir),
                occurred_at=self.at,
                key=heir,
                limit=self.limit,
                action=INHERIT,
                numbers=tuple(claims),
            )
            for heir, claims in sorted(heirs.items())
        )
        emptied, back = self._emptied()
        after, effects = self._sent(emptied, RETURN, back) if back else (emptied, ())
        waiting = (event for claim in before.waiting.values() for event in self._again(claim))
        effects = (*effects, *(Emit(event, transactional=True) for event in (*inherits, *waiting)))
        return Holder(messages=after.messages, divided=True), effects

    def _again(self, claim: Waiting) -> Iterator[BudgetClaimed]:
        heir = child_of(self.key, self.limit, mark_of(claim.claim_id))
        event = BudgetClaimed(
            event_id=derived("budget claim", heir, claim.claim_id),
            occurred_at=claim.occurred_at,
            key=heir,
            limit=self.limit,
            action=CLAIM,
            claim_id=claim.claim_id,
            units=claim.units,
            person_id=claim.person_id,
            source_profile_id=claim.source_profile_id,
            rule=claim.rule,
            source_event_id=claim.source_event_id,
        )
        yield event
        if claim.kept is not None:
            yield replace(
                event, event_id=derived("budget release", heir, claim.claim_id), action=RELEASE, units=claim.kept
            )

    def _passed_on(self, event: BudgetClaimed) -> tuple[Holder, tuple[Effect, ...]]:
        """What comes to a divided holder."""
        if event.action in (CLAIM, RELEASE):
            heir = child_of(self.key, self.limit, mark_of(event.claim_id))
            onward = replace(event, event_id=derived("budget passed on", heir, event.event_id), key=heir)
            return self.holder, (Emit(onward, transactional=True),)
        if event.action == RECALL or event.numbers:
            return self._sent(self.holder, RECALLED if event.action == RECALL else RETURN, event.numbers)
        return self.holder, ()
