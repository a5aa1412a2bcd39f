"""The scenario of budgets: claims against limits, some of them sent twice, and releases, while owners of partitions
end, work on as zombies, and lease units to each other."""

import random
from collections import Counter, defaultdict
from typing import Any
from unittest.mock import patch

import msgspec

from processors.budgets import core as budgets
from processors.budgets import owner
from processors.budgets.holder import CLAIM, GRANTED, RELEASE
from processors.budgets.keys import holder_of
from processors.budgets.state import LimitState
from processors.budgets.units import count
from schemas.brand.limits import size_of
from schemas.brand.model import Campaign
from schemas.events import BudgetAnswered, BudgetClaimed
from schemas.ids import derived
from tests.chaos.simulation.case import Case, Outcome
from tests.chaos.simulation.cluster import run, stamp_ms
from tests.chaos.simulation.scenarios import Scenario, faults
from tests.chaos.simulation.schedule import Schedule
from tests.support.builders import person
from tests.support.reference import reference
from tests.support.workload import PEOPLE, Workload

EVENTS, LONG_EVENTS, LONG_EVERY = 24, 120, 25
SPRING, AUTUMN = "campaign/spring", "campaign/autumn"
LIMITED = reference(campaigns=(Campaign(id="spring", budget_points=40), Campaign(id="autumn", budget_points=0)))
SHARE = 4
"""Holders get so large a part of what is left that others have to wait for it."""


class Claiming(Scenario):
    """Its history is that of a seed."""

    def case(self, seed: int) -> Case:
        history = claims(random.Random(f"claims {seed}"), LONG_EVENTS if seed % LONG_EVERY == 0 else EVENTS)
        # What holders and owners send each other is several times what they are sent.
        return Case(seed, history, faults(random.Random(f"faults {seed}"), 4 * len(history)), gradual=True)

    def run(self, case: Case, schedule: Schedule | None = None) -> Outcome:
        with patch.object(owner, "SHARE", SHARE):
            return run(self.core.PROCESSOR, LIMITED, case, schedule)


def claims(rng: random.Random, most: int) -> tuple[BudgetClaimed, ...]:
    """Claims of a few units each, and releases of some, whole or in part. Some come twice, also under another id."""
    events: list[BudgetClaimed] = []
    for number in range(most):
        claimed = [event for event in events if event.action == CLAIM]
        if claimed and rng.random() < 0.2:
            events.append(_again(rng, rng.choice(events), number))
        elif claimed and rng.random() < 0.2:
            of = rng.choice(claimed)
            events.append(_released(of, rng.randrange(of.units), number))
        else:
            events.append(_claimed(SPRING if rng.random() < 0.9 else AUTUMN, rng.randint(1, 7), number))
    return tuple(events)


def _claimed(limit: str, units: int, number: int) -> BudgetClaimed:
    id, who = derived("claim", str(number)), person(PEOPLE[number % len(PEOPLE)])
    return BudgetClaimed(
        event_id=derived("claimed", id),
        occurred_at=stamp_ms(number) * 1000,
        key=holder_of(limit, id),
        limit=limit,
        action=CLAIM,
        claim_id=id,
        units=units,
        person_id=who,
        source_profile_id=who,
        rule="rule",
        source_event_id=derived("event", str(number)),
    )


def _again(rng: random.Random, event: BudgetClaimed, number: int) -> BudgetClaimed:
    """The same event once more, or the same claim under another id."""
    return event if rng.random() < 0.5 else msgspec.structs.replace(event, event_id=derived("again", str(number)))


def _released(claim: BudgetClaimed, kept: int, number: int) -> BudgetClaimed:
    return BudgetClaimed(
        event_id=derived("released", claim.claim_id, str(number)),
        occurred_at=stamp_ms(number) * 1000,
        key=claim.key,
        limit=claim.limit,
        action=RELEASE,
        claim_id=claim.claim_id,
        units=kept,
    )


def nothing_over(processor: Any, history: tuple[BudgetClaimed, ...]) -> Any:
    """Each claim has one answer. What is granted and was not released is never more than its limit, and all of it where
    nothing was released and more was claimed; units that are out are granted, or wait with a holder."""
    asked = {event.claim_id: event for event in history if event.action == CLAIM}
    released = {event.claim_id for event in history if event.action == RELEASE}

    def check(outcome: Outcome) -> None:
        answers = [event for event in outcome.events.values() if isinstance(event, BudgetAnswered)]
        several = {id: many for id, many in Counter(answer.claim_id for answer in answers).items() if many > 1}
        contents = {id for id, raw in outcome.effects.items() if len(raw) > 1}
        assert not several and not contents, f"answered twice: {several or contents}"
        unanswered = asked.keys() - {answer.claim_id for answer in answers}
        assert not unanswered, f"not answered: {sorted(unanswered)}"
        granted: dict[str, int] = defaultdict(int)
        for answer in answers:
            assert answer.outcome == GRANTED or not answer.units
            granted[answer.limit] += answer.units
        for limit in (SPRING, AUTUMN):
            size, wanted = size_of(LIMITED.brand, limit), sum(one.units for one in asked.values() if one.limit == limit)
            held, out = _held(outcome, limit)
            assert held <= size, f"{held} units of {limit} are held, of {size}"
            assert held == out, f"{held} units of {limit} are held, {out} are counted as out"
            if not released:
                assert granted[limit] == min(size, wanted), f"{granted[limit]} of {limit}, not {min(size, wanted)}"

    return check


def _held(outcome: Outcome, limit: str) -> tuple[int, int]:
    """Units that the holders of a limit have, granted or not, and that its owner counts as theirs."""
    states = {key: state for key, state in outcome.states.items() if isinstance(state, LimitState)}
    held = sum(
        sum(state.holder.granted.values()) + count(state.holder.free)
        for state in states.values()
        if state.holder is not None and state.limit == limit
    )
    own = states[limit].owner if limit in states else None
    return held, own.out if own is not None else 0


CLAIMING = Claiming("claims against budgets", budgets, Workload(), nothing_over)
