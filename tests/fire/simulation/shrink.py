"""A case that fails, made as small as it goes: events and dooms are left out as long as it still fails."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from schemas.events import IdentityChanged
from tests.fire.simulation.case import Case
from tests.fire.simulation.walks import PEOPLE
from tests.stories.telling import anchor, person

SCHEDULES = 4
"""With an event less everything else comes at other moments: so many ways to hit the bug again are tried."""
BUDGET_S = 20.0


def shrunk(case: Case, fails: Callable[[Case], bool], budget_s: float = BUDGET_S) -> Case:
    """The smallest failing case that leaving out one thing after the other finds in the time."""
    until = time.monotonic() + budget_s
    while True:
        for smaller in _smaller(case):
            if time.monotonic() > until:
                return case
            again = (replace(smaller, seed=case.seed + number) for number in range(SCHEDULES))
            if (found := next((one for one in again if fails(one)), None)) is not None:
                case = found
                break
        else:
            return case


def _smaller(case: Case) -> Iterator[Case]:
    """The same with less, the largest cuts first: halves, quarters … of the history, a partition, a doom; or a
    doom that comes earlier."""
    size = len(case.history) // 2
    while size:
        for start in range(0, len(case.history), size):
            yield replace(case, history=case.history[:start] + case.history[start + size :])
        size //= 2
    if case.partitions > 1:
        yield replace(case, partitions=1, dooms=tuple(doom for doom in case.dooms if not doom.partition))
    for number, doom in enumerate(case.dooms):
        before, after = case.dooms[:number], case.dooms[number + 1 :]
        yield replace(case, dooms=before + after)
        if doom.empty_disk:
            yield replace(case, dooms=(*before, replace(doom, empty_disk=False), *after))
        for step in range(1, doom.step):
            yield replace(case, dooms=(*before, replace(doom, step=step), *after))


NAMES = {person(who): who for who in PEOPLE} | {anchor(who): who for who in PEOPLE}


def story(case: Case) -> str:
    """The case to read: what arrives, one event a line, and what happens to the owners."""
    first: dict[str, int] = {}
    lines = [f"{len(case.history)} events arrive at {case.partitions} partitions, schedule {case.seed}:"]
    for number, event in enumerate(case.history, 1):
        earlier = first.setdefault(event.event_id, number)
        lines.append(f"{number:4}  {_sentence(event)}" + (f" (again {earlier})" if earlier != number else ""))
    return "\n".join([*lines, *(f"      {doom}" for doom in case.dooms)])


def _sentence(event: Any) -> str:
    when = datetime.fromtimestamp(event.occurred_at / 1e6, UTC).isoformat(timespec="seconds")
    if isinstance(event, IdentityChanged):
        who, was, to = (NAMES[id] for id in (event.own_person_id, event.person_id, event.into_person_id))
        return f"{when} {who}, as {was}, {event.change} into {to} ({event.version}) [{event.event_id}]"
    words = [when, NAMES[event.anchor], event.type]
    words += [event.tag or event.store] if event.tag or event.store else []
    words += [f"{event.amount_micros / 1e6:.2f}"] if event.amount_micros is not None else []
    words += [f"of {event.related_event_id}"] if event.related_event_id else []
    return " ".join((*words, f"[{event.event_id}]"))
