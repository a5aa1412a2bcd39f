"""Any event of a person follows the person's part: a processor that reads rewards beside touchpoints gets the late
events of a merged person where the part is, each once, in whatever order the topics are read."""

import random
from itertools import permutations
from typing import Any

import msgspec
import pytest

from processors.shell.state.forwarded import Forwarded, event_of, forwarded
from processors.step import Drop, Emit
from schemas.events import Event, RewardPosted, StateMoved
from schemas.topics import REWARD_POSTED
from tests.support.builders import EventSpec, build_events, erased, event_id, merged, parted, person, scan
from tests.support.harness import Harness
from tests.support.reference import reference
from tests.support.tally import PROCESSOR, Tally


def reward(name: str, who: str = "anna", known_as: str = "", profile: bool = True) -> EventSpec:
    """A posting; ``known_as`` is the person that identity resolved at that moment, if it was another. Without a profile
    the event is keyed by its person alone."""

    def build(builder: Any) -> RewardPosted:
        return RewardPosted(
            event_id=event_id(name),
            occurred_at=builder.now,
            person_id=person(known_as or who),
            kind="earned",
            points=5,
            rule="scanned",
            rule_version=1,
            source_event_id=event_id(f"source of {name}"),
            source_profile_id=person(who) if profile else "",
        )

    return build


def tally(events: list[Event], rng: random.Random | None = None, twice: bool = True) -> Harness:
    """Applies the events; transfers arrive at once, or at random moments when there is a generator."""
    harness, under_way = Harness(PROCESSOR, reference(), twice=twice), list[Event]()
    waiting = [*events]
    while waiting or under_way:
        if waiting and not (under_way and (rng is None or rng.random() < 0.3)):
            event = waiting.pop(0)
        else:
            event = under_way.pop(0 if rng is None else rng.randrange(len(under_way)))
        effects = harness.apply(event)
        under_way += [effect.event for effect in effects if isinstance(effect, Emit)]
    return harness


def ids(harness: Harness, who: str) -> list[str]:
    state = harness.state(who)
    return state.ids if isinstance(state, Tally) else []


def test_a_late_reward_of_a_merged_person_reaches_the_new_person_once() -> None:
    events = build_events(scan(), reward("early"), merged("anna", into="ben"), reward("late"), scan())
    harness = tally(events)
    assert ids(harness, "anna") == []
    assert ids(harness, "ben") == sorted(event_id(name) for name in ("scan-1", "early", "late", "scan-2"))
    harness.replay()


def test_a_late_reward_without_a_source_profile_follows_its_person() -> None:
    events = build_events(reward("early"), merged("anna", into="ben"), reward("late", profile=False))
    harness = tally(events)
    assert ids(harness, "ben") == sorted(event_id(name) for name in ("early", "late"))


def test_in_any_order_of_the_topics_every_event_is_applied_once() -> None:
    """The replay twin: permutations of what happens, transfers at any moment, every event twice."""
    events = build_events(scan(), reward("one"), merged("anna", into="ben"), reward("two"), reward("of ben", who="ben"))
    expected = sorted(event_id(name) for name in ("scan-1", "one", "two", "of ben"))
    for number, order in enumerate(permutations(events)):
        harness = tally(list(order), random.Random(number))
        assert ids(harness, "ben") == expected
        assert ids(harness, "anna") == []
        harness.replay()


@pytest.mark.parametrize("seed", range(200))
def test_events_follow_through_merges_and_splits_that_overtake_each_other(seed: int) -> None:
    events = build_events(
        scan(),
        reward("one"),
        merged("anna", into="ben"),
        reward("two", known_as="ben"),
        merged("ben", into="cleo"),
        merged("ben", into="cleo", profile="anna"),
        reward("three", known_as="cleo"),
        reward("of ben", who="ben", known_as="cleo"),
        parted("anna", from_="cleo"),
        reward("four"),
    )
    rng = random.Random(seed)
    rng.shuffle(events)
    harness = tally(events, rng, twice=False)
    assert ids(harness, "anna") == sorted(event_id(name) for name in ("scan-1", "one", "two", "three", "four"))
    assert ids(harness, "cleo") == [event_id("of ben")]
    assert ids(harness, "ben") == []


def test_a_late_reward_of_an_erased_person_is_dropped() -> None:
    [early, erase, late] = build_events(reward("early"), erased("anna"), reward("late"))
    harness = Harness(PROCESSOR, reference())
    harness.apply(early, erase)
    assert harness.apply(late) == [Drop("erased")]


def test_a_forwarded_event_names_its_schema_and_is_the_same_event_after_it() -> None:
    [event] = build_events(reward("one"))
    transfer = forwarded(event)
    assert transfer.schema == f"{REWARD_POSTED.table}.v1"
    assert event_of(msgspec.msgpack.decode(msgspec.msgpack.encode(transfer), type=Forwarded)) == event
    with pytest.raises(KeyError):
        event_of(Forwarded("no_such_event.v1", transfer.body))


def test_the_transfer_of_a_forwarded_event_belongs_to_its_source_profile() -> None:
    merge, late = build_events(merged("anna", into="ben"), reward("late"))
    harness = Harness(PROCESSOR, reference())
    harness.apply(merge)
    [effect] = harness.apply(late)
    assert isinstance(effect, Emit) and isinstance(effect.event, StateMoved) and effect.transactional
    assert (effect.event.source_profile_id, effect.event.winner_person_id) == (person("anna"), person("ben"))
    assert effect.event.source_event_id == event_id("late")
