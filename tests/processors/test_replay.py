"""What a replay takes first, and how far anybody goes beyond a commit."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from processors.context.core import PROCESSOR as CONTEXT
from processors.identity.core import PROCESSOR as IDENTITY
from processors.identity.signals import Named, envelope
from processors.likeness.core import PROCESSOR as LIKENESS
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell import partition, replay
from processors.shell.replay import AHEAD, Replay, bounds, first_topics
from schemas.events import TouchpointRecorded
from schemas.ids import derived, person_of
from schemas.topics import BY_NAME, IDENTITY_SIGNALLED, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED
from tests.fire.simulation.scenarios import JOINED
from tests.fire.simulation.seeds import problem
from tests.processors.street import Street, until
from tests.processors.test_sealed import DYING

EVENTS, SIGNALS = TOUCHPOINT_RECORDED.name, IDENTITY_SIGNALLED.name


def run(first: int, last: int) -> list[Any]:
    return [SimpleNamespace(offset=offset) for offset in range(first, last)]


def test_touchpoints_come_first_where_identity_may_have_passed_them() -> None:
    assert first_topics(IDENTITY) == [EVENTS]


@pytest.mark.parametrize("processor", [CONTEXT, REWARDS, LIKENESS], ids=lambda processor: processor.name)
def test_nothing_waits_where_the_order_does_not_matter(processor: Any) -> None:
    assert first_topics(processor) == []


def test_what_comes_first_in_a_replay_is_written_without_transactions() -> None:
    # Their markers end a topic with an offset that no record has: signals would wait for the next event.
    assert [BY_NAME[topic].written_by for topic in first_topics(IDENTITY)] == [("gateway",)]


def test_signals_wait_until_the_events_that_were_there_are_taken() -> None:
    replay = Replay({EVENTS: (0, 30)}, {EVENTS: 10, SIGNALS: 7})
    assert not replay.holds(EVENTS, run(10, 20))
    assert replay.holds(SIGNALS, early := run(7, 9))
    assert replay.released(EVENTS, 20) == []
    assert replay.holds(SIGNALS, late := run(9, 12))
    assert replay.released(EVENTS, 30) == [(SIGNALS, early), (SIGNALS, late)]
    assert not replay.holds(SIGNALS, run(12, 13))
    assert replay.released(EVENTS, 40) == []


@pytest.mark.parametrize(
    ("limits", "committed"),
    [((0, 30), 30), ((0, 0), None), ((30, 30), 10), ((30, 30), None)],
    ids=["all committed", "nothing there yet", "what was not taken has gone", "all has gone"],
)
def test_signals_do_not_wait_for_what_will_never_come(limits: tuple[int, int], committed: int | None) -> None:
    replay = Replay({EVENTS: limits}, {} if committed is None else {EVENTS: committed})
    assert not replay.holds(SIGNALS, run(0, 1))


def test_signals_wait_for_no_more_events_than_somebody_can_have_taken() -> None:
    replay = Replay({EVENTS: (0, 10 * AHEAD)}, {EVENTS: AHEAD})
    assert replay.holds(SIGNALS, news := run(0, 1))
    assert replay.released(EVENTS, 2 * AHEAD - 1) == []
    assert replay.released(EVENTS, 2 * AHEAD) == [(SIGNALS, news)]


def test_nobody_goes_further_beyond_a_commit_than_that() -> None:
    further: list[int] = []
    take = partition.Partition._take

    async def watched(self: Any, topic: str, *args: Any) -> None:
        await take(self, topic, *args)
        if topic == EVENTS and EVENTS in self._next:
            further.append(self._next[EVENTS] - self._committed.get(EVENTS, 0))

    with (
        patch.object(partition, "AHEAD", 8),
        patch.object(replay, "AHEAD", 8),
        patch.object(partition.Partition, "_take", watched),
    ):
        for seed in range(40):
            assert not problem(JOINED, JOINED.case(seed))
    assert max(further) == 8


async def test_the_ends_of_topics_are_asked_of_kafka(street: Street) -> None:
    before = (await bounds(street.kafka, [EVENTS], 0))[EVENTS]
    events = [_scan(f"device:asked-{number}") for number in range(20)]
    await street.send(events)
    first, end = (await bounds(street.kafka, [EVENTS], 0))[EVENTS]
    assert first == before[0] == 0
    assert before[1] < end <= before[1] + len(events)
    assert await bounds(street.kafka, [], 0) == {}


async def test_a_touchpoint_has_one_name_whatever_is_said_before_a_replay(street: Street) -> None:
    people = [f"device:replayed-{number}" for number in range(60)]
    events = {person: _scan(person) for person in people}
    dying = street.start("identity", instance="dying", main=DYING)
    await street.send(events.values())

    async def has_died() -> bool:
        return dying.poll() is not None

    await until(has_died, 30, "the worker to die in its commit")
    ids = {event.event_id for event in events.values()}
    assert await street.contents(TOUCHPOINT_IDENTIFIED, ids), "it died before it had said anything"
    # Who they are now is told in another order than they came: of several at a time, news of some comes first.
    root = "loyalty:replayed"
    news = [Named(person_of(root), 1, root, split=False) for _ in people]
    await street.send(
        envelope(one, root, person, events[person]) for one, person in zip(news, reversed(people), strict=True)
    )
    street.start("identity", instance="heir", batch_rows="3")
    await street.quiet("identity")
    said = await street.contents(TOUCHPOINT_IDENTIFIED, ids)
    assert said.keys() == ids
    assert [len(contents) for contents in said.values()] == [1] * len(ids)
    nodes = await street.states("identity")
    assert {nodes[person].name for person in people} == {person_of(root)}
    street.stop("heir")


def _scan(anchor: str) -> TouchpointRecorded:
    return TouchpointRecorded(
        event_id=derived("scan", anchor),
        occurred_at=1_772_445_600_000_000,
        received_at=1_772_445_600_000_000,
        type="scan",
        source="story",
        anchor=anchor,
        identifiers=(anchor,),
        tag="shelf",
    )
