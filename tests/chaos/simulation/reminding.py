"""The scenarios of timers: each touchpoint has a reminder some time after it, most of them due while the history is
read, the others after it; sales and returns cancel those of their source profile that are not due yet."""

import random
from collections import Counter
from typing import Any

import msgspec

from schemas.events import IdentityChanged, RewardPosted, SaleReturned, TouchpointIdentified
from schemas.ids import derived
from tests.chaos.simulation.case import Case, Outcome
from tests.chaos.simulation.cluster import STEP_MS, stamp_ms
from tests.chaos.simulation.scenarios import Scenario, faults
from tests.support import reminders
from tests.support.builders import person, primary_identifier
from tests.support.workload import Workload, workload

EVENTS, LONG_EVENTS, LONG_EVERY = 24, 120, 25
PEOPLE = ("anna", "ben", "cleo")


class Reminding(Scenario):
    """Its history is that of a seed; people merge and split, or cancel reminders."""

    def case(self, seed: int) -> Case:
        count = LONG_EVENTS if seed % LONG_EVERY == 0 else EVENTS
        rng = random.Random(f"reminders {seed}")
        history = moving(seed, rng) if self.workload.merges else cancelling(rng, count)
        # Owners live longer than it takes to read the history: most timers are due after it.
        return Case(seed, history, faults(random.Random(f"faults {seed}"), 3 * len(history)))


def cancelling(rng: random.Random, count: int) -> tuple[Any, ...]:
    """Touchpoints, sales and returns of some people, some of them twice."""
    events: list[Any] = []
    for number in range(count):
        if events and rng.random() < 0.15:
            events.append(rng.choice(events))
            continue
        who, id = rng.choice(PEOPLE), derived("timers", str(number))
        luck = rng.random()
        if luck < 0.1:
            events.append(_return(id, who, stamp_ms(number) * 1000))
        else:
            delay = 0 if luck < 0.2 else rng.randint(1, 2 * count * STEP_MS * 1000)
            events.append(_touch(id, who, stamp_ms(number) * 1000, delay))
    return tuple(events)


def moving(seed: int, rng: random.Random) -> tuple[Any, ...]:
    """Touchpoints of people who merge and split, some of them twice."""
    events, made = [], dict[str, Any]()
    of_workload = workload(seed, Workload(merges=True, any_order=True))
    for number, event in enumerate(of_workload):
        if isinstance(event, TouchpointIdentified):
            delay = rng.randint(1, 2 * len(of_workload) * STEP_MS * 1000)
            event = msgspec.structs.replace(
                event, type="scan", amount_micros=delay, related_event_id="", received_at=stamp_ms(number) * 1000
            )
        event = msgspec.structs.replace(event, occurred_at=stamp_ms(number) * 1000)
        events.append(made.setdefault(event.event_id, event))
    return tuple(events)


def _touch(id: str, who: str, at: int, delay: int) -> TouchpointIdentified:
    """:param delay: until its reminder is due, in microseconds; 0: it is a sale."""
    return TouchpointIdentified(
        event_id=id,
        occurred_at=at,
        received_at=at,
        type="scan" if delay else "sale",
        source="story",
        primary_identifier=primary_identifier(who),
        identifiers=(primary_identifier(who),),
        amount_micros=delay or None,
        person_id=person(who),
        source_profile_id=person(who),
    )


def _return(id: str, who: str, at: int) -> SaleReturned:
    return SaleReturned(
        event_id=id,
        occurred_at=at,
        sale_event_id="",
        return_event_id=id,
        amount_micros=1,
        currency="EUR",
        person_id=person(who),
        source_profile_id=person(who),
    )


def _reminders(outcome: Outcome) -> dict[str, RewardPosted]:
    """By touchpoint; each is on its topic once and not before its time."""
    rewards = {id: event for id, event in outcome.events.items() if isinstance(event, RewardPosted)}
    published: Counter[str] = Counter()
    for (topic, _, _, value), stamp in zip(outcome.published, outcome.stamps_ms, strict=True):
        if topic.startswith("footpath.reward-posted"):
            event = next(event for event in rewards.values() if value in outcome.effects[event.event_id])
            published[event.event_id] += 1
            assert stamp * 1000 >= event.occurred_at, f"{event.source_event_id} came early"
    assert not published or max(published.values()) == 1, "a reminder came twice"
    return {event.source_event_id: event for event in rewards.values()}


def one_each(processor: Any, history: tuple[Any, ...]) -> Any:
    """Each touchpoint is reminded of once, at its time; no state has anything left to do."""
    touched = {event.event_id: event for event in history if not isinstance(event, IdentityChanged)}
    due = {id: event.occurred_at + event.amount_micros for id, event in touched.items()}

    def check(outcome: Outcome) -> None:
        found = {id: event.occurred_at for id, event in _reminders(outcome).items()}
        assert found == due, _difference(found, due)
        assert not any(state.parts and reminders.wakes(state) for state in outcome.states.values() if state is not None)

    return check


def as_in_order(processor: Any, history: tuple[Any, ...]) -> Any:
    """The reminders of a naive model: for each touchpoint whose source profile has neither a sale nor a return between
    it and its time, with the number of touchpoints that Kafka took before that time."""
    taken: dict[str, int] = {}
    latest = 0
    for event in history:
        latest = max(latest, event.occurred_at)
        taken.setdefault(event.event_id, latest)
    all_events = {event.event_id: event for event in history}.values()
    expected = {}
    for event in all_events:
        if isinstance(event, TouchpointIdentified) and event.amount_micros:
            at, due = event.occurred_at, event.occurred_at + event.amount_micros
            before = [one for one in all_events if one.source_profile_id == event.source_profile_id]
            before = [one for one in before if taken[one.event_id] < due]
            cancelling = [one for one in before if isinstance(one, SaleReturned) or not one.amount_micros]
            if not any(at < one.occurred_at for one in cancelling):
                expected[event.event_id] = (due, sum(isinstance(one, TouchpointIdentified) for one in before))

    def check(outcome: Outcome) -> None:
        found = {id: (event.occurred_at, event.points) for id, event in _reminders(outcome).items()}
        assert found == expected, _difference(found, expected)

    return check


def _difference(found: dict[str, Any], expected: dict[str, Any]) -> str:
    missing, new = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    other = {id: (found[id], expected[id]) for id in found.keys() & expected.keys() if found[id] != expected[id]}
    return f"reminders: missing {missing}, too many {new}, different {other}"


REMINDING = (
    Reminding("reminders that are cancelled", reminders, Workload(), as_in_order),
    Reminding("reminders of people who merge", reminders, Workload(merges=True), one_each),
)
