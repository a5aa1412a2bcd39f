"""The scenarios of erasures: source profiles are erased at random times among events, merges, kills and zombies; at
identity, people ask for it while their identifiers are joined."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

from processors.identity import core as identity
from processors.identity.state import Node
from schemas.events import (
    ErasureApplied,
    IdentityChanged,
    PrivacyRequested,
    PrivacyResolved,
    ProfileErased,
    TouchpointIdentified,
)
from schemas.ids import derived
from schemas.topics import ERASURE_APPLIED
from tests.chaos.simulation.case import Case, Outcome
from tests.chaos.simulation.scenarios import Check, Scenario
from tests.oracles.joined import Joined
from tests.support import tally
from tests.support.builders import person, primary_identifier
from tests.support.workload import CARDS, PEOPLE, Workload


class Erasing(Scenario):
    """Adds to a history that one or two source profiles are erased, some of them by two requests."""

    def case(self, seed: int) -> Case:
        case = super().case(seed)
        rng = random.Random(f"erasing {seed}")
        history = list(case.history)
        for who in rng.sample(PEOPLE, rng.randint(1, 2)):
            _erase(rng, history, who)
        return replace(case, history=tuple(history))


def _erase(rng: random.Random, history: list[Any], who: str) -> None:
    """Identity erases a source profile after some of the changes of its person, and publishes no more of them."""
    own = person(who)
    changes = {e.version: e for e in history if isinstance(e, IdentityChanged) and e.source_profile_id == own}
    version = rng.choice((0, *changes))
    history[:] = [e for e in history if not (e in changes.values() and e.version > version)]
    whose = changes[version].into_person_id if version else own
    requests = rng.choice(((whose,), (own,), (whose, own)))
    for request, at in zip(("one", "another"), requests, strict=False):
        erased = ProfileErased(
            event_id=derived("erased", request, who),
            occurred_at=0,
            request_id=request,
            person_id=at,
            source_profile_id=own,
            identifier=primary_identifier(who),
        )
        places = sorted(rng.randint(0, len(history)) for _ in range(rng.randint(1, 2)))
        for place in reversed(places):
            history.insert(place, erased)


def _nothing_left(processor: Any, history: tuple[Any, ...]) -> Check:
    """Nothing of an erased source profile is in a state; all else was applied, and is with its last person; each
    erasure is reported once."""
    persons = {e.source_profile_id: e.into_person_id for e in sorted(_changes(history), key=lambda e: e.version)}
    dead = {event.source_profile_id for event in history if isinstance(event, ProfileErased)}
    asked = {event.event_id for event in history if isinstance(event, ProfileErased)}
    expected: dict[str, set[str]] = {}
    for event in history:
        if not isinstance(event, IdentityChanged | ProfileErased) and event.source_profile_id not in dead:
            expected.setdefault(event.source_profile_id, set()).add(event.event_id)

    def check(outcome: Outcome) -> None:
        states = {key: state for key, state in outcome.states.items() if isinstance(state, tally.Tally)}
        found = {profile: set(ids) for state in states.values() for profile, ids in state.events.items()}
        assert not found.keys() & dead, "something of an erased source profile is left"
        assert found == expected, f"{found} is not {expected}"
        misplaced = [
            profile for key, state in states.items() for profile in state.events if persons.get(profile, profile) != key
        ]
        assert not misplaced, f"parts are not with the last person of their source profile: {misplaced}"
        _reported_once(outcome, len(asked))

    return check


def _changes(history: tuple[Any, ...]) -> list[IdentityChanged]:
    return [event for event in history if isinstance(event, IdentityChanged)]


def _reported_once(outcome: Outcome, count: int) -> None:
    published = Counter(record.value for record in outcome.published if record.topic == ERASURE_APPLIED.name)
    applied = [event for event in outcome.events.values() if isinstance(event, ErasureApplied)]
    assert len(applied) == len(published) == count, f"{len(published)} reports of {count} erasures"
    assert not published or max(published.values()) == 1, "an erasure was reported twice"


class Requesting(Scenario):
    """Adds requests to a history of identity."""

    def case(self, seed: int) -> Case:
        case = super().case(seed)
        rng = random.Random(f"requesting {seed}")
        history: list[Any] = list(case.history)
        known = sorted({*map(primary_identifier, PEOPLE), *CARDS.values()})
        for number in range(rng.randint(1, 3)):
            request = PrivacyRequested(
                event_id=derived("requested", str(number)),
                occurred_at=0,
                request_id=str(number),
                action=rng.choice(("erase", "erase", "show")),
                scope=rng.choice(("device", "person")),
                identifier=rng.choice(known),
                source="page",
            )
            history.insert(rng.randint(0, len(history)), request)
        return replace(case, history=tuple(history))


def _dead_are_nobody(processor: Any, history: tuple[Any, ...]) -> Check:
    """Each request is resolved once; whoever it concerns is erased and dead; no event has two contents; the living are
    together as if the dead had never been seen."""
    requests = {event.request_id: event for event in history if isinstance(event, PrivacyRequested)}
    touches = {event.event_id: event for event in history if not isinstance(event, PrivacyRequested)}

    def check(outcome: Outcome) -> None:
        of_kind = {kind: [e for e in outcome.events.values() if isinstance(e, kind)] for kind in KINDS}
        resolved, erased = of_kind[PrivacyResolved], of_kind[ProfileErased]
        assert {one.request_id for one in resolved} == requests.keys() and len(resolved) == len(requests)
        wanted = {(one.request_id, own) for one in resolved if one.action == "erase" for own in one.source_profile_ids}
        assert {(one.request_id, one.source_profile_id) for one in erased} == wanted, "not all are erased, or others"
        several = [e.event_id for e in of_kind[TouchpointIdentified] if len(outcome.effects[e.event_id]) > 1]
        assert not several, f"one id, several contents: {several}"
        dead = {one.identifier for one in erased}
        nodes = {key: state for key, state in outcome.states.items() if isinstance(state, Node)}
        assert {key for key, node in nodes.items() if node.dead} == dead, "others are dead than were erased"
        left = [key for key, node in nodes.items() if node.dead and (node.neighbours or node.used or node.person_id)]
        assert not left, f"dead nodes know something: {left}"
        members = {one for node in nodes.values() if node.component for one in node.component.members}
        assert not members & dead, "dead identifiers are members"
        joined = Joined[str]()
        for event in touches.values():
            if event.primary_identifier not in dead:
                joined.join([one for one in event.identifiers if one not in dead])
        people = {(joined.find(key), node.person_id) for key, node in nodes.items() if node.used}
        assert len(people) == len({one for one, _ in people}) == len({one for _, one in people}), sorted(people)

    return check


KINDS = (PrivacyResolved, ProfileErased, TouchpointIdentified)
ERASING = (
    Erasing("tally with erasures", tally, Workload(any_order=True, merges=True), _nothing_left, postings=True),
    Requesting("identity with requests", identity, Workload(), _dead_are_nobody, cards=True),
)
"""Erasures among everything else that happens."""
