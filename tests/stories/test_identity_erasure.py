"""Requests about the data of a person, at the identifiers: whom they concern, and what is left of who was erased."""

import random
from itertools import chain
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deploy.operate.replay.canonical import _bytes
from processors.identity import neighbours
from processors.identity.core import PROCESSOR
from processors.identity.replay import canonical
from processors.step import Drop, Emit
from schemas.events import IdentityChanged, TouchpointIdentified, TouchpointRecorded
from schemas.identifiers.types import blocked
from schemas.ids import derived, person_of
from schemas.reasons import DropReason, EdgeReason
from tests.support.identity.assertions import published_people
from tests.support.identity.builders import event, hashed, linked, reference, requested
from tests.support.identity.network import Network
from tests.support.identity.oracle import components, truth
from tests.support.identity.random_histories import random_conflicts, random_limits, random_people, shuffled

CARD, PHONE, TABLET = hashed("loyalty", "anna"), hashed("device", "phone"), hashed("device", "tablet")
seeds = st.integers(0, 2**32)
random_examples = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def network(*events: Any, seed: int = 1, partitions: int = 3) -> Network:
    made = Network(reference(), random.Random(seed), partitions)
    for one in events:
        made.run([one])
    return made


ANNA = (event(0, PHONE), event(1, CARD, PHONE), event(2, CARD, TABLET))
"""A phone that was first seen alone, a card that was seen with it, and a tablet that was seen with the card."""


def stored(of: Network) -> bytes:
    """All that is stored, as bytes."""
    return b"".join(msgspec.msgpack.encode((key, node)) for key, node in sorted(of.nodes().items()))


@pytest.mark.parametrize("action", ["show", "export"])
def test_a_request_finds_the_person_and_changes_nothing(action: str) -> None:
    found = network(*ANNA)
    before = found.nodes()
    for identifier in (PHONE, CARD, TABLET):
        found.run([requested(action, identifier)])
        resolved = found.resolved.pop()
        assert resolved.person_id == person_of(PHONE)
        assert set(resolved.identifiers) == {PHONE, CARD, TABLET} and resolved.identifiers[0] == CARD
        assert resolved.source_profile_ids == tuple(map(person_of, resolved.identifiers))
    found.run([requested(action, PHONE, "device")])
    assert found.resolved.pop().identifiers == (PHONE,)
    assert found.nodes() == before and not found.erased


def test_of_somebody_unknown_nothing_is_known_and_nobody_is_made() -> None:
    found = network(
        *(requested("erase", one, scope) for one in (PHONE, "email:blocked") for scope in ("device", "person"))
    )
    assert [(one.person_id, one.identifiers) for one in found.resolved] == [("", ())] * 4
    assert found.nodes() == {} and found.erased == []


def test_a_person_is_erased_and_nothing_of_them_is_left() -> None:
    found = network(*ANNA, requested("erase", TABLET))
    assert {one.source_profile_id for one in found.erased} == {*map(person_of, (CARD, PHONE, TABLET))}
    # Nothing was published of the tablet so far: what was stated of it would be with its own person.
    assert {one.person_id for one in found.erased} == {person_of(PHONE), person_of(TABLET)}
    assert all(node.dead and not node.neighbours for node in found.nodes().values())
    assert ANNA[0].event_id.encode() not in stored(found)
    assert person_of(PHONE).encode() not in stored(found)
    found.run([requested("show", CARD)])
    assert found.resolved[-1].identifiers == (), "a dead identifier is known to nobody"


def test_of_a_device_alone_the_rest_of_the_person_stays_and_has_the_next_oldest_id() -> None:
    found = network(*ANNA, requested("erase", PHONE, "device"), event(3, TABLET), event(4, CARD))
    assert [one.identifier for one in found.erased] == [PHONE]
    nodes = found.nodes()
    assert nodes[CARD].person_id == nodes[TABLET].person_id == person_of(CARD)
    assert PHONE not in nodes[CARD].neighbours
    component = nodes[CARD].component
    assert component is not None and component.dead == (PHONE,) and set(component.members) == {CARD, TABLET}
    last = published_people(found)
    assert last[person_of(CARD)] == last[person_of(TABLET)] == person_of(CARD)


def test_without_the_card_two_devices_are_two_people() -> None:
    found = network(*ANNA, requested("erase", CARD, "device"), event(3, TABLET), event(4, PHONE))
    nodes = found.nodes()
    assert (nodes[PHONE].person_id, nodes[TABLET].person_id) == (person_of(PHONE), person_of(TABLET))


def test_what_still_names_a_dead_identifier_counts_for_nobody() -> None:
    scan = event(5, PHONE, type="scan", name="scan", tag="shelf", reply_partition=1, properties='{"a":1}')
    sale = event(6, PHONE, CARD, type="sale", name="sale", amount_micros=5, currency="EUR", properties='{"a":1}')
    found = network(*ANNA, requested("erase", CARD))
    before, seen = found.nodes(), len(found.touchpoints)
    found.run([event(4, PHONE), scan, sale, event(7, PHONE, TABLET), linked(8, PHONE, hashed("device", "new"))])
    answered, paid = sorted(found.touchpoints[seen:], key=lambda one: one.occurred_at)
    assert (answered.primary_identifier, answered.identifiers, answered.properties) == ("", (), "{}")
    assert answered.person_id == answered.source_profile_id not in ("", person_of(PHONE))
    assert (answered.reply_partition, answered.tag) == (1, "shelf")
    assert (paid.person_id, paid.source_profile_id, paid.identifiers, paid.properties) == ("", "", (), "{}")
    assert (paid.amount_micros, paid.primary_identifier) == (5, "")
    assert {key: node for key, node in found.nodes().items() if key in before} == before


def test_a_dead_identifier_among_others_joins_nobody_and_is_not_kept() -> None:
    ben, other = hashed("email", "ben"), hashed("device", "ben")
    found = network(*ANNA, requested("erase", CARD))
    found.run([event(5, ben, PHONE), event(6, ben, other)])
    nodes = found.nodes()
    assert set(nodes[ben].neighbours) == {other} and nodes[PHONE].dead
    assert nodes[other].person_id == nodes[ben].person_id == person_of(ben)


@pytest.mark.parametrize("dead_is_stronger", [True, False])
def test_links_of_dead_identifiers_are_refused_and_do_not_name_them(dead_is_stronger: bool) -> None:
    living = hashed("device" if dead_is_stronger else "customer", "ben")
    found = network(event(0, CARD), event(1, living), requested("erase", CARD))
    found.run([linked(5, CARD, living)])
    refused: IdentityChanged = found.changes[-1]
    assert {refused.identifier, refused.other_identifier} == {living, blocked(CARD)}
    assert refused.reason == EdgeReason.BLOCKED_VALUE


def test_a_probe_with_a_dead_identifier_is_answered() -> None:
    found = network(event(0, PHONE), requested("erase", PHONE))
    probe = event(5, PHONE, type="probe", reply_partition=0)
    step = PROCESSOR.step(found.nodes()[PHONE], probe, reference())
    [effect] = step.effects
    assert isinstance(effect, Emit) and isinstance(effect.event, TouchpointIdentified)
    assert effect.event.identifiers == () and effect.event.person_id != person_of(PHONE)
    assert PROCESSOR.step(found.nodes()[PHONE], event(6, PHONE), reference()).effects == (Drop(DropReason.ERASED),)


def test_two_requests_that_cross_are_both_done() -> None:
    """The second one was resolved before the first one's mark had come to the root: each gets its erasure."""
    first, second = requested("erase", PHONE, "device", id="1"), requested("erase", CARD, id="2")
    for seed in range(20):
        found = network(*ANNA, seed=seed)
        found.run([first, second])
        wanted = {(one.request_id, profile) for one in found.resolved for profile in one.source_profile_ids}
        assert {(one.request_id, one.source_profile_id) for one in found.erased} == wanted


@random_examples
@given(seeds, st.sampled_from([1, 4]), st.sampled_from([0.0, 0.05]), st.sampled_from([3, 1_000_000]), st.booleans())
@example(33, 1, 0.0, 1_000_000, True)  # an event that comes again names a dead neighbour, who refused it before
def test_the_people_are_those_of_the_living(seed: int, count: int, crashes: float, backlog: int, guarded: bool) -> None:
    """Events in any order and twice, requests while signals are on their way, late events, then all again: nobody who
    was erased is anybody, and the others are together as if the dead had never been seen. No node
    knows of them."""
    chance = random.Random(seed)
    limits = random_limits(chance) if guarded else None
    # A device that is shared stays so, whoever showed it.
    conflicts = [e for e in random_conflicts(chance, 30) if "device_class" not in e.properties]
    events = conflicts if guarded else random_people(chance, chance.randint(1, 4))
    known = sorted({one for e in events for one in e.identifiers if not one.endswith(":blocked")})
    asked = [
        requested("erase", one, chance.choice(("device", "person"))) for one in chance.sample(known, min(3, len(known)))
    ]
    found = Network(reference(limits), chance, count, crashes, 0.2)
    with patch.object(neighbours, "STORED", limits.stored if limits else 1000):
        found.run(shuffled(chance, events, 0.3))
        found.run([*asked, *asked], backlog)
        late = [msgspec.structs.replace(e, event_id=derived("late", e.event_id)) for e in events]
        found.run(shuffled(chance, late, 0.1), backlog)
        people = _groups({one: node.person_id for one, node in found.nodes().items() if node.used})
        found.run(shuffled(chance, events, 0.3), backlog)
    dead = {one for one, node in found.nodes().items() if node.dead}
    assert dead == {one.identifier for one in found.erased} == set(chain(*(one.identifiers for one in found.resolved)))
    living = [
        msgspec.structs.replace(e, identifiers=tuple(one for one in e.identifiers if one not in dead))
        for e in events
        if e.primary_identifier not in dead
    ]
    assert people == _groups_of(living, limits)
    assert people == _groups({one: node.person_id for one, node in found.nodes().items() if node.used})
    for one, node in found.nodes().items():
        component = node.component
        kept = {*node.neighbours, *node.asked, *node.declined, *node.withheld, *node.last_periods}
        if component is not None:
            kept |= {*component.members}.union(
                *(m.edges.keys() | {*m.stronger_ends} for m in component.members.values())
            )
        assert not kept & dead, one


def _groups(people: dict[str, str]) -> set[frozenset[str]]:
    by_person: dict[str, set[str]] = {}
    for one, person_id in people.items():
        by_person.setdefault(person_id, set()).add(one)
    return set(map(frozenset, by_person.values()))


def _groups_of(events: list[TouchpointRecorded], limits: Any) -> set[frozenset[str]]:
    """The used identifiers of each person, by the oracle."""
    people = truth(events, limits).person_ids if limits else components(events)
    used = {e.primary_identifier for e in events}
    return _groups({one: people[one] for one in used})


def test_a_rebuild_reads_who_was_erased_in_place_of_the_requests() -> None:
    """Whatever comes first: the erasure, or what it erased."""
    found = network(*ANNA, requested("erase", CARD), event(9, hashed("email", "ben")))
    expected = {one: _bytes(canonical(node)) for one, node in found.nodes().items()}
    events = [*ANNA, event(9, hashed("email", "ben"))]
    for seed in range(20):
        chance = random.Random(seed)
        records: list[Any] = [*events, *found.erased]
        if seed % 2:
            chance.shuffle(records)
        again = Network(reference(), chance, 2)
        for record in records:
            again.run([record])
        nodes = again.nodes()
        assert {one for one, node in nodes.items() if node.dead} == {CARD, PHONE, TABLET}
        if all(record in found.erased for record in records[-3:]):
            assert {one: _bytes(canonical(node)) for one, node in nodes.items()} == expected
