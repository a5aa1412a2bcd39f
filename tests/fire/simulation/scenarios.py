"""The cases of the seeds: which processor, which street, and what must come out of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from processors.context import core as context
from processors.identity import core as identity
from processors.rewards import core as rewards
from processors.rewards.state import Account
from schemas.events import ScanRouted, TouchpointIdentified
from tests.fire.simulation.case import Case, Doom, Outcome
from tests.fire.simulation.chance import Chance
from tests.fire.simulation.laws import fold, holds_always, ledger, names, owed, straight, timeless
from tests.fire.simulation.town import run
from tests.fire.simulation.walks import WORLD, Street, as_recorded, walk, with_cards
from tests.oracles.joined import Joined

Law = Callable[[Outcome], None]
LONG_WALK, LONG_EVERY = 200, 25
"""One seed of so many has a day with so many events: more than the ids that are remembered for a person."""


@dataclass(frozen=True)
class Scenario:
    """``core`` is the module of the processor; ``expects`` works out what must come of a history; ``cards``: people
    show what they share with others."""

    name: str
    core: Any
    street: Street
    expects: Callable[[Any, tuple[Any, ...]], Law]
    cards: bool = False

    def case(self, seed: int) -> Case:
        street = replace(self.street, events=LONG_WALK) if seed % LONG_EVERY == 0 else self.street
        events = walk(seed, street)
        history = as_recorded(events) if self.core is identity else events
        history = with_cards(seed, history) if self.cards else history
        return Case(seed, history, _dooms(random.Random(f"dooms {seed}"), len(history)))

    def law(self, history: tuple[Any, ...]) -> Law:
        """What must come of the history; to be asked for before a bug is planted."""
        law = self.expects(self.core.PROCESSOR, history)

        def all_laws(outcome: Outcome) -> None:
            holds_always(outcome)
            law(outcome)

        return all_laws

    def play(self, case: Case, chance: Chance | None = None) -> Outcome:
        return run(self.core.PROCESSOR, WORLD, case, chance)


def _dooms(chance: random.Random, events: int) -> tuple[Doom, ...]:
    """Up to four lives of each partition end badly."""
    kinds = ("dies", "fails", "sleeps", "loses")
    return tuple(
        Doom(partition, chance.randint(1, max(40, events)), chance.choice(kinds), chance.random() < 0.3)
        for partition in range(2)
        for _ in range(chance.randint(0, 4))
    )


def _everything_as_in_the_fold(processor: Any, history: tuple[Any, ...]) -> Law:
    """Every effect, byte for byte, and every state."""
    expected = fold(processor, WORLD, history)
    people = _recognised(fold(processor, WORLD, straight(history)).events)

    def law(outcome: Outcome) -> None:
        _same(outcome.effects, expected.effects, "effects")
        _same(outcome.states, expected.states, "states")
        _same(_recognised(outcome.events), people, "answers with honest clocks")

    return law


def _recognised(events: dict[str, Any]) -> dict[str, str]:
    """Who each event was of, whenever it was."""
    return {id: event.person_id for id, event in events.items() if isinstance(event, TouchpointIdentified | ScanRouted)}


def _the_same_ledger(processor: Any, history: tuple[Any, ...]) -> Law:
    """Every entry of the ledger, byte for byte, the points that a child would count, and no clock matters to them."""
    expected = ledger(fold(processor, WORLD, history))
    honest = timeless(fold(processor, WORLD, straight(history)))
    points, now = owed(history), names(history)

    def law(outcome: Outcome) -> None:
        _same(ledger(outcome), expected, "entries")
        _same(timeless(outcome), honest, "entries with honest clocks")
        got = sum(entry[2] for entry in timeless(outcome).values())
        assert got == points, f"{got} points, not {points}"
        accounts = {key: state for key, state in outcome.states.items() if isinstance(state, Account)}
        astray = {own for key, account in accounts.items() for own in account.parts if now.get(own, own) != key}
        assert not astray, f"parts are not where their people's last name is: {sorted(astray)}"

    return law


def _every_scan_answered(processor: Any, history: tuple[Any, ...]) -> Law:
    """What is said may depend on who is known to be whom by then; that something is said may not."""
    asked = {event.event_id for event in history if getattr(event, "tag", "")}

    def law(outcome: Outcome) -> None:
        answers = {event.scan_event_id for event in outcome.events.values() if isinstance(event, ScanRouted)}
        _same(dict.fromkeys(answers), dict.fromkeys(asked), "answered scans")

    return law


def _one_name_each(processor: Any, history: tuple[Any, ...]) -> Law:
    """Every event passes, always under the same name; and all names of those who belong together lead to one."""
    anchors = {event.event_id: event.anchor for event in history}
    joined = Joined[str]()
    for event in history:
        joined.join(event.identifiers)

    def law(outcome: Outcome) -> None:
        passed = {id: event for id, event in outcome.events.items() if isinstance(event, TouchpointIdentified)}
        _same(dict.fromkeys(passed), dict.fromkeys(anchors), "events")
        said = {id: len(outcome.effects[id]) for id in passed}
        _same(said, dict.fromkeys(passed, 1), "events in several words")
        now = names(tuple(outcome.events.values()))
        owns = {id: event.own_person_id for id, event in passed.items()}
        people = {(joined.find(anchors[id]), now.get(own, own)) for id, own in owns.items()}
        assert len(people) == len({who for who, _ in people}) == len({name for _, name in people}), sorted(people)

    return law


def _same(got: dict[str, Any], expected: dict[str, Any], what: str) -> None:
    missing, new = expected.keys() - got.keys(), got.keys() - expected.keys()
    other = {id for id in got.keys() & expected.keys() if got[id] != expected[id]}
    assert not (missing or new or other), (
        f"{what}: missing {sorted(missing)}, too many {sorted(new)}, different {sorted(other)}"
    )


ORDER_KEPT = (
    Scenario("identity", identity, Street(), _everything_as_in_the_fold),
    Scenario("context", context, Street(), _everything_as_in_the_fold),
    Scenario("rewards", rewards, Street(nameless_returns=True), _everything_as_in_the_fold),
)
"""The events of one person arrive in their order: everything is as in one untroubled run."""
ANY_ORDER = (
    Scenario("rewards in any order", rewards, Street(any_order=True), _the_same_ledger),
    Scenario("rewards with merges", rewards, Street(any_order=True, merges=True), _the_same_ledger),
    Scenario("context with merges", context, Street(any_order=True, merges=True), _every_scan_answered),
)
"""Events overtake each other, and duplicates come at any time: what counts is the same all the same."""
JOINED = Scenario("identity with joins", identity, Street(), _one_name_each, cards=True)
"""Identifiers come together, and news of that travels between the partitions beside the events."""
