"""An erased source profile: its part is gone, wherever it was, and nothing of it that arrives later comes back."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from processors.consent.core import PROCESSOR as CONSENT
from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.references import FORGOTTEN, refer
from processors.shell.state.records import ERASED, Active
from processors.step import Emit
from schemas.events import ErasureApplied, SaleReferenced, SaleReturned, TouchpointIdentified
from schemas.topics import BY_EVENT
from tests.support.builders import (
    agreed,
    build_events,
    build_recorded,
    erased,
    merged,
    parted,
    person,
    primary_identifier,
    purchase,
    returned,
    scan,
    stated_with,
    touch,
)
from tests.support.harness import Harness, balance
from tests.support.identity.builders import requested
from tests.support.identity.network import Network
from tests.support.reference import reference
from tests.support.tally import PROCESSOR as TALLY


def sale_key(name: str) -> str:
    """The key at which returns look for a sale."""
    [referenced] = build_events(purchase("1.00", name=name))
    return BY_EVENT[SaleReferenced].key(refer(referenced).event)


def test_the_part_goes_and_late_events_are_dropped(rewards: Harness) -> None:
    story = build_events(scan(), purchase("3.00"), erased(), scan(), erased(), merged("anna", into="ben"), scan())
    assert rewards.run(*story) == [
        "anna +5 scanned for scan-1",
        "anna +6 bought for sale-1",
        "rewards erased anna: 3",
        "dropped: erased",
        "dropped: duplicate",
        "dropped: erased",
    ]
    assert rewards.records.keys() == {person("anna"), sale_key("sale-1")}
    record = rewards.records[person("anna")]
    assert (record.state, record.redirects) == (None, {person("anna"): ERASED})


def test_of_somebody_unknown_nothing_is_removed_and_a_mark_stays(rewards: Harness) -> None:
    assert rewards.run(*build_events(erased(), scan())) == ["rewards erased anna: 0", "dropped: erased"]


def test_others_of_the_person_stay_and_may_come_to_the_same_key(rewards: Harness) -> None:
    """The id of a person outlives the source profile that it is derived from."""
    story = build_events(
        scan(), scan(who="ben"), merged("ben", into="anna"), erased(), scan(who="ben", name="scan-8"), scan()
    )
    assert rewards.run(*story)[2:] == [
        "ben moves to anna",
        "rewards erased anna: 1",
        "scan-8 is forwarded to anna",
        "ben +5 scanned for scan-8",
        "dropped: erased",
    ]
    assert balance(rewards, "anna") == 10


@pytest.mark.parametrize("twice", [False, True])
def test_an_erasure_follows_the_part_and_marks_every_key_on_its_way(twice: bool) -> None:
    harness = Harness(REWARDS, reference(), twice=twice)
    story = build_events(
        scan(),
        merged("anna", into="ben"),
        erased(),
        scan(),
    )
    sentences = harness.run(*story)
    assert sentences == [
        "anna +5 scanned for scan-1",
        "anna moves to ben",
        "anna is forwarded to ben",
        "rewards erased anna: 1",
        "dropped: erased",
    ]
    for who in ("anna", "ben"):
        record = harness.records[person(who)]
        assert (record.state, record.redirects[person("anna")]) == (None, ERASED)


def test_a_part_on_its_way_does_not_arrive(rewards: Harness) -> None:
    scanned, sold, move, erase = build_events(scan(), purchase("3.00"), merged("anna", into="ben"), erased(at="ben"))
    rewards.apply(scanned, sold)
    on_its_way = rewards.apply(move)
    assert [type(effect.event) for effect in rewards.apply(erase) if isinstance(effect, Emit)] == [ErasureApplied]
    rewards.deliver(on_its_way)
    assert balance(rewards, "ben") is None
    assert rewards.records[sale_key("sale-1")].state.reference == FORGOTTEN


def test_a_part_that_came_back_is_found(rewards: Harness) -> None:
    story = build_events(scan(), merged("anna", into="ben"), parted("anna", from_="ben"), erased(), scan())
    assert rewards.run(*story)[3:] == ["rewards erased anna: 1", "dropped: erased"]
    late = build_events(scan(name="scan-8"))
    assert rewards.run(*late) == ["dropped: erased"]


def test_two_requests_are_both_answered(rewards: Harness) -> None:
    story = build_events(scan(), erased(), erased(request="another"))
    assert rewards.run(*story)[1:] == ["rewards erased anna: 1", "rewards erased anna: 0"]


def test_a_return_finds_a_sale_of_nobody(rewards: Harness) -> None:
    sold, erase, back = build_events(purchase("5.00"), erased(), returned("5.00", of="sale-1", who="ben"))
    assert rewards.run(sold, erase, back) == ["anna +10 bought for sale-1", "rewards erased anna: 2"]
    assert rewards.records[sale_key("sale-1")].state.reference == FORGOTTEN
    assert not [event for event in rewards.referenced if isinstance(event, SaleReturned)]


def test_a_sale_whose_reference_is_late_is_forgotten_as_well() -> None:
    harness = Harness(REWARDS, reference(), held=[])
    harness.apply(*build_events(purchase("5.00"), erased()))
    assert harness.held is not None
    held, harness.held = harness.held, None
    harness.apply(*reversed(held))
    assert harness.records[sale_key("sale-1")].state.reference == FORGOTTEN


def test_what_others_brought_back_is_booked_anew(rewards: Harness) -> None:
    """A return without a name was booked on a sale of the one who is erased: it waits for another sale."""
    story = build_events(purchase("5.00"), merged("anna", into="ben"), returned("5.00", who="ben"), erased(at="ben"))
    rewards.run(*story)
    [part] = rewards.state("ben").parts.values()
    assert [back.booked for back in part.history.returns.values()] == [{}]


def test_a_visitor_is_a_new_one(context: Callable[..., Harness], rewards: Harness) -> None:
    harness = context(rewards.reference)
    harness.run(*build_events(scan(), purchase("5.00", "KB-1"), erased()))
    assert harness.state("anna") is None


def test_what_was_said_is_gone_with_its_timer() -> None:
    harness = Harness(CONSENT, reference())
    story = build_events(
        agreed("marketing", expires_at="2026-06-01T00:00:00Z"), erased(), stated_with("marketing", who="anna"), scan()
    )
    assert harness.run(*story)[-3:] == ["consent erased anna: 4", "dropped: erased", "dropped: erased"]
    assert harness.wake(1 << 62) == []


def test_whoever_comes_back_is_somebody_new(context: Callable[..., Harness], rewards: Harness) -> None:
    """The gateway gives another identifier, here dora's, to what was anna's."""
    story = build_events(
        scan(), purchase("5.00"), erased(), scan(who="dora", name="scan-7"), purchase("3.00", who="dora", name="sale-7")
    )
    assert rewards.run(*story)[3:] == ["dora +5 scanned for scan-7", "dora +6 bought for sale-7"]
    elsewhere = context(rewards.reference)
    elsewhere.run(*story)
    assert elsewhere.state("dora").whole.visits == 1
    said = Harness(CONSENT, reference())
    said.run(*build_events(agreed("marketing"), erased(), agreed("marketing", who="dora")))
    assert said.state("anna") is None and said.state("dora").parts


@pytest.mark.parametrize("seed", range(60))
def test_the_order_of_topics_changes_nothing(seed: int) -> None:
    """Events, changes and the erasure arrive in any order, some of them twice; transfers at any time."""
    chance = random.Random(seed)
    events = build_events(
        scan(),
        scan(who="ben"),
        purchase("5.00"),
        merged("anna", into="ben"),
        touch("scan", known_as="ben"),
        parted("anna", from_="ben", to="cleo"),
        touch("scan", known_as="cleo"),
        erased(at="cleo"),
        scan(name="scan-8"),
        touch("scan", name="scan-9", known_as="ben"),
    )
    waiting: list[Any] = [*events, *chance.sample(events, 3)]
    chance.shuffle(waiting)
    harness = Harness(TALLY, reference())
    applied = []
    while waiting:
        event = waiting.pop(0)
        for effect in harness.apply(event):
            if isinstance(effect, Emit) and isinstance(effect.event, ErasureApplied):
                applied.append(effect.event)
            elif isinstance(effect, Emit):
                waiting.insert(chance.randint(0, len(waiting)), effect.event)
    assert len(applied) == 1
    left = {key: record.state.events for key, record in harness.records.items() if record.state is not None}
    profiles = {profile for events in left.values() for profile in events}
    assert profiles == {person("ben")}
    assert all(isinstance(record, Active) for record in harness.records.values())


def test_from_the_request_to_a_new_life(context: Callable[..., Harness], rewards: Harness) -> None:
    """Through identity and what follows it: somebody asks, is nobody, and comes back with another identifier."""
    found = Network(reference(), random.Random(7), 2)
    harnesses = [rewards, context(rewards.reference), Harness(CONSENT, reference())]

    def happen(*recorded: Any) -> list[TouchpointIdentified]:
        marks = [len(seen) for seen in (found.changes, found.erased, found.touchpoints)]
        for one in recorded:
            found.run([one])
        changes, erasures, touched = (
            seen[mark:] for seen, mark in zip((found.changes, found.erased, found.touchpoints), marks, strict=True)
        )
        for harness in harnesses:
            for event in (*touched, *changes, *erasures):
                if event.person_id:
                    harness.deliver(harness.apply(event))
        return [one for one in touched if isinstance(one, TouchpointIdentified)]

    def parts(harness: Harness) -> set[str]:
        states = [record.state for record in harness.records.values() if record.state is not None]
        return {profile for state in states for profile in state.parts}

    *anna, ben, late = build_recorded(
        scan(), agreed("marketing"), purchase("5.00"), scan(who="ben"), scan(name="late", reply_partition=2)
    )
    happen(*anna, ben)
    happen(requested("erase", primary_identifier("anna")))
    assert [parts(harness) for harness in harnesses] == [{person("ben")}, {person("ben")}, set()]

    [answered] = happen(late)
    assert answered.person_id not in ("", person("anna")) and answered.reply_partition == 2
    assert all(person("anna") not in parts(harness) for harness in harnesses)

    again = build_recorded(
        scan(who="dora"), agreed("marketing", who="dora"), purchase("5.00", who="dora", name="sale-9")
    )
    happen(*again)
    assert all(person("dora") in parts(harness) for harness in harnesses)
    assert balance(rewards, "dora") == 15
