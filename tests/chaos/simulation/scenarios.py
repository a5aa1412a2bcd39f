"""Scenarios: a processor, the shape of its workload, and the check of the outcome. A seed makes a case of one."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from processors.context import core as context
from processors.identity import core as identity
from processors.rewards import core as rewards
from processors.rewards.state import Account
from processors.step import Processor
from schemas.events import EventRejected, IdentityChanged, ScanRouted, TouchpointIdentified
from schemas.topics import EVENT_REJECTED
from tests.chaos.simulation.case import Case, Outcome
from tests.chaos.simulation.cluster import run
from tests.chaos.simulation.faults import Fault
from tests.chaos.simulation.invariants import (
    check_invariants,
    expected_points,
    latest_persons,
    ledger,
    sequential_run,
    untimed_ledger,
    with_exact_clocks,
)
from tests.chaos.simulation.schedule import Schedule
from tests.oracles.joined import Joined
from tests.support import raising, tally
from tests.support.workload import (
    REFERENCE,
    Workload,
    as_recorded,
    with_cards,
    with_found_sales,
    with_rewards,
    workload,
)

Check = Callable[[Outcome], None]
LONG_WORKLOAD, LONG_EVERY = 200, 25
"""One seed of ``LONG_EVERY`` has so many events: more than a person's dedup window stores."""


@dataclass(frozen=True)
class Scenario:
    """``core`` is the module of the processor; ``expects`` computes the check from a history; ``cards``: people show
    loyalty cards that they share; ``postings``: the history also has rewards, for a processor that reads them."""

    name: str
    core: Any
    workload: Workload
    expects: Callable[[Any, tuple[Any, ...]], Check]
    cards: bool = False
    postings: bool = False

    def case(self, seed: int) -> Case:
        shape = replace(self.workload, events=LONG_WORKLOAD) if seed % LONG_EVERY == 0 else self.workload
        events = workload(seed, shape)
        history = as_recorded(events) if self.core is identity else events
        history = with_cards(seed, history) if self.cards else history
        history = with_rewards(seed, history) if self.postings else history
        history = with_found_sales(history) if self.core is context else history
        return Case(seed, history, faults(random.Random(f"faults {seed}"), len(history)))

    def check(self, history: tuple[Any, ...]) -> Check:
        """The check of an outcome of this history; made before a bug is planted."""
        expected = self.expects(self.core.PROCESSOR, history)

        def check(outcome: Outcome) -> None:
            check_invariants(outcome)
            expected(outcome)

        return check

    def run(self, case: Case, schedule: Schedule | None = None) -> Outcome:
        return run(self.core.PROCESSOR, REFERENCE, case, schedule)


def faults(rng: random.Random, events: int) -> tuple[Fault, ...]:
    """Up to four faulty owners of each partition."""
    kinds = ("dies", "fails", "sleeps", "loses")
    return tuple(
        Fault(partition, rng.randint(1, max(40, events)), rng.choice(kinds), rng.random() < 0.3)
        for partition in range(2)
        for _ in range(rng.randint(0, 4))
    )


def _as_sequential_run(processor: Any, history: tuple[Any, ...]) -> Check:
    """Every effect, byte for byte, and every state, as in the sequential run."""
    expected = sequential_run(processor, REFERENCE, history)
    persons = _persons_of(sequential_run(processor, REFERENCE, with_exact_clocks(history)).events)

    def check(outcome: Outcome) -> None:
        _same(outcome.effects, expected.effects, "effects")
        _same(outcome.states, expected.states, "states")
        _same(_persons_of(outcome.events), persons, "persons with exact clocks")

    return check


def _persons_of(events: dict[str, Any]) -> dict[str, str]:
    """The person of each event, without its time."""
    return {id: event.person_id for id, event in events.items() if isinstance(event, TouchpointIdentified | ScanRouted)}


def _same_ledger(processor: Any, history: tuple[Any, ...]) -> Check:
    """Every ledger entry, byte for byte; the naively computed points; no dependence on clocks."""
    expected = ledger(sequential_run(processor, REFERENCE, history))
    exact = untimed_ledger(sequential_run(processor, REFERENCE, with_exact_clocks(history)))
    points, persons = expected_points(history), latest_persons(history)

    def check(outcome: Outcome) -> None:
        _same(ledger(outcome), expected, "entries")
        _same(untimed_ledger(outcome), exact, "entries with exact clocks")
        got = sum(entry[2] for entry in untimed_ledger(outcome).values())
        assert got == points, f"{got} points, not {points}"
        accounts = {key: state for key, state in outcome.states.items() if isinstance(state, Account)}
        misplaced = {
            profile
            for key, account in accounts.items()
            for profile in account.parts
            if persons.get(profile, profile) != key
        }
        assert not misplaced, f"parts are not with the last person of their source profile: {sorted(misplaced)}"

    return check


def _every_scan_answered(processor: Any, history: tuple[Any, ...]) -> Check:
    """Every scan has an answer. Its content may depend on which merges were processed before it."""
    scans = {event.event_id for event in history if getattr(event, "tag", "")}

    def check(outcome: Outcome) -> None:
        answers = {event.scan_event_id for event in outcome.events.values() if isinstance(event, ScanRouted)}
        _same(dict.fromkeys(answers), dict.fromkeys(scans), "answered scans")

    return check


def _one_person_each(processor: Any, history: tuple[Any, ...]) -> Check:
    """Every event is published, always with the same person; all persons of one component are merged into one."""
    primary = {event.event_id: event.primary_identifier for event in history}
    joined = Joined[str]()
    for event in history:
        joined.join(event.identifiers)

    def check(outcome: Outcome) -> None:
        identified = {id: event for id, event in outcome.events.items() if isinstance(event, TouchpointIdentified)}
        _same(dict.fromkeys(identified), dict.fromkeys(primary), "events")
        contents = {id: len(outcome.effects[id]) for id in identified}
        _same(contents, dict.fromkeys(identified, 1), "contents of an event")
        persons = latest_persons(tuple(outcome.events.values()))
        profiles = {id: event.source_profile_id for id, event in identified.items()}
        people = {(joined.find(primary[id]), persons.get(profile, profile)) for id, profile in profiles.items()}
        assert len(people) == len({one for one, _ in people}) == len({person for _, person in people}), sorted(people)

    return check


def _every_event_with_its_person(processor: Any, history: tuple[Any, ...]) -> Check:
    """Every event was applied, and is with the last person of its source profile."""
    persons = latest_persons(history)
    expected: dict[str, set[str]] = {}
    for event in history:
        if not isinstance(event, IdentityChanged):
            expected.setdefault(event.source_profile_id, set()).add(event.event_id)

    def check(outcome: Outcome) -> None:
        states = {key: state for key, state in outcome.states.items() if isinstance(state, tally.Tally)}
        applied = [(key, profile, ids) for key, state in states.items() for profile, ids in state.events.items()]
        misplaced = [profile for key, profile, _ in applied if persons.get(profile, profile) != key]
        assert not misplaced, f"parts are not with the last person of their source profile: {sorted(misplaced)}"
        _same({profile: set(ids) for _, profile, ids in applied}, expected, "events of source profiles")

    return check


def _as_if_they_never_came(processor: Processor[Any], history: tuple[Any, ...]) -> Check:
    """Effects and states are those of the history without the events that raise; each of those is rejected, once for
    each record and with one content."""
    good = tuple(event for event in history if not raising.is_bad(event))
    expected = sequential_run(rewards.PROCESSOR, REFERENCE, good)
    bad = Counter(event.event_id for event in history if raising.is_bad(event))

    def check(outcome: Outcome) -> None:
        rejects = {id: event for id, event in outcome.events.items() if isinstance(event, EventRejected)}
        _same({id: raw for id, raw in outcome.effects.items() if id not in rejects}, expected.effects, "effects")
        _same(outcome.states, expected.states, "states")
        _same(Counter(event.source_event_id for event in rejects.values()), bad, "rejects")
        published = [record for record in outcome.published if record.topic == EVENT_REJECTED.name]
        assert len(published) == len(rejects), "a reject was published twice"
        assert {event.reason for event in rejects.values()} <= {"exception"}

    return check


def _same(got: dict[str, Any], expected: dict[str, Any], what: str) -> None:
    missing, new = expected.keys() - got.keys(), got.keys() - expected.keys()
    other = {id for id in got.keys() & expected.keys() if got[id] != expected[id]}
    assert not (missing or new or other), (
        f"{what}: missing {sorted(missing)}, too many {sorted(new)}, different {sorted(other)}"
    )


ORDER_KEPT = (
    Scenario("identity", identity, Workload(), _as_sequential_run),
    Scenario("context", context, Workload(), _as_sequential_run),
    Scenario("rewards", rewards, Workload(nameless_returns=True), _as_sequential_run),
)
"""The events of one person arrive in their order: the outcome equals the sequential run."""
RAISING = Scenario("rewards that raise", raising, Workload(nameless_returns=True), _as_if_they_never_came)
"""A core that raises on some events, and asks for impossible effects on others."""
ANY_ORDER = (
    Scenario("rewards in any order", rewards, Workload(any_order=True), _same_ledger),
    Scenario("rewards with merges", rewards, Workload(any_order=True, merges=True), _same_ledger),
    Scenario("context with merges", context, Workload(any_order=True, merges=True), _every_scan_answered),
)
"""Events overtake each other, and duplicates arrive at any time: ledger and answered scans are the same."""
JOINED = Scenario("identity with joins", identity, Workload(), _one_person_each, cards=True)
"""Identifiers are joined, and identity's signals travel between partitions independently of the events."""
FORWARDING = Scenario(
    "tally with merges", tally, Workload(any_order=True, merges=True), _every_event_with_its_person, postings=True
)
"""A processor that reads touchpoints and rewards: both follow the parts of people who merge and split."""
