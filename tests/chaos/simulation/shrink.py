"""Shrinks a failing case: events and faults are removed as long as it still fails."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from schemas.events import (
    BudgetClaimed,
    CouponRequested,
    IdentityChanged,
    PrivacyRequested,
    ProfileErased,
    RewardPosted,
    SaleReturned,
)
from tests.chaos.simulation.case import Case
from tests.support.builders import person, primary_identifier
from tests.support.workload import PEOPLE

SCHEDULES = 4
"""Seeds that are tried for each smaller case beside its own: without an event, everything else happens at other
moments."""
BUDGET_S = 20.0
"""CPU time: other processes of the machine do not shorten the search."""


def shrunk(case: Case, fails: Callable[[Case], bool], budget_s: float = BUDGET_S) -> Case:
    """The smallest failing case that removing one thing after the other finds within the time."""
    until = time.process_time() + budget_s
    while True:
        for smaller in _smaller(case):
            if time.process_time() > until:
                return case
            candidates = (replace(smaller, seed=seed) for seed in (case.seed, *range(SCHEDULES)))
            if (found := next((one for one in candidates if fails(one)), None)) is not None:
                case = found
                break
        else:
            return case


def _smaller(case: Case) -> Iterator[Case]:
    """Smaller cases, largest cuts first: without halves, quarters … of the history, a partition, a fault; or with an
    earlier fault."""
    size = len(case.history) // 2
    while size:
        for start in range(0, len(case.history), size):
            yield replace(case, history=case.history[:start] + case.history[start + size :])
        size //= 2
    if case.partitions > 1:
        yield replace(case, partitions=1, faults=tuple(fault for fault in case.faults if not fault.partition))
    for number, fault in enumerate(case.faults):
        before, after = case.faults[:number], case.faults[number + 1 :]
        yield replace(case, faults=before + after)
        if fault.empty_disk:
            yield replace(case, faults=(*before, replace(fault, empty_disk=False), *after))
        for step in range(1, fault.step):
            yield replace(case, faults=(*before, replace(fault, step=step), *after))


NAMES = {person(who): who for who in PEOPLE} | {primary_identifier(who): who for who in PEOPLE}


def description(case: Case) -> str:
    """The case as text: arriving events, one a line, and the faults of the owners."""
    first: dict[str, int] = {}
    lines = [f"{len(case.history)} events arrive at {case.partitions} partitions, schedule {case.seed}:"]
    for number, event in enumerate(case.history, 1):
        earlier = first.setdefault(event.event_id, number)
        lines.append(f"{number:4}  {_sentence(event)}" + (f" (again {earlier})" if earlier != number else ""))
    return "\n".join([*lines, *(f"      {fault}" for fault in case.faults)])


def _sentence(event: Any) -> str:
    when = datetime.fromtimestamp(event.occurred_at / 1e6, UTC).isoformat(timespec="seconds")
    if isinstance(event, IdentityChanged):
        who, was, to = (NAMES[id] for id in (event.source_profile_id, event.person_id, event.into_person_id))
        return f"{when} {who}, as {was}, {event.change} into {to} ({event.version}) [{event.event_id}]"
    if isinstance(event, SaleReturned | RewardPosted):
        kind = "returned" if isinstance(event, SaleReturned) else "rewarded"
        return f"{when} {NAMES[event.source_profile_id]} {kind} [{event.event_id}]"
    if isinstance(event, ProfileErased):
        return f"{when} {NAMES[event.source_profile_id]} is erased at {NAMES[event.person_id]} [{event.event_id}]"
    if isinstance(event, BudgetClaimed):
        return (
            f"{when} {event.action} {event.units} of {event.limit} at {event.key}, {event.claim_id} [{event.event_id}]"
        )
    if isinstance(event, CouponRequested):
        return f"{when} {event.action} {event.key} {event.redemption_id} {event.sale_event_id} [{event.event_id}]"
    if isinstance(event, PrivacyRequested):
        return f"{when} {event.action} {event.scope} {event.identifier}"
    words = [when, NAMES.get(event.primary_identifier, event.primary_identifier), event.type]
    words += [event.tag or event.store] if event.tag or event.store else []
    words += [f"{event.amount_micros / 1e6:.2f}"] if event.amount_micros is not None else []
    words += [f"of {event.related_event_id}"] if event.related_event_id else []
    return " ".join((*words, f"[{event.event_id}]"))
