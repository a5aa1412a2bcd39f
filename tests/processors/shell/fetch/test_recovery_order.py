"""Which topics a new owner processes first."""

from types import SimpleNamespace
from typing import Any

import pytest

from processors.context.core import PROCESSOR as CONTEXT
from processors.identity.core import PROCESSOR as IDENTITY
from processors.identity.signals import PersonAssigned, envelope
from processors.intake.core import PROCESSOR as INTAKE
from processors.matching.core import PROCESSOR as MATCHING
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.fetch.recovery_order import MAX_UNCOMMITTED, RecoveryOrder, first_topics
from schemas.events import TouchpointRecorded
from schemas.ids import derived, person_of
from schemas.topics import BY_NAME, IDENTITY_SIGNALLED, PRIVACY_REQUESTED, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED
from tests.support.failing_workers import DIES_IN_COMMIT
from tests.support.stream_cluster import StreamCluster, until

EVENTS, SIGNALS = TOUCHPOINT_RECORDED.name, IDENTITY_SIGNALLED.name


def batch(first: int, end: int) -> list[Any]:
    return [SimpleNamespace(offset=offset) for offset in range(first, end)]


def test_touchpoints_come_first_where_identity_may_have_published_them() -> None:
    assert first_topics(IDENTITY) == [EVENTS, PRIVACY_REQUESTED.name]


@pytest.mark.parametrize("processor", [CONTEXT, REWARDS, MATCHING], ids=lambda processor: processor.name)
def test_no_topic_waits_where_the_order_does_not_matter(processor: Any) -> None:
    assert first_topics(processor) == []


def test_first_topics_are_written_without_transactions() -> None:
    # Transaction markers end a topic with an offset that no record has: signals would wait for the next event.
    assert [BY_NAME[topic].written_by for topic in first_topics(IDENTITY)] == [("gateway", "intake"), ("gateway",)]
    assert not any(topic.transactional for topic in INTAKE.sources), "else its effects could be"


def test_signals_wait_until_the_events_at_the_opening_are_processed() -> None:
    recovery_order = RecoveryOrder({EVENTS: (0, 30)}, {EVENTS: 10, SIGNALS: 7})
    assert not recovery_order.defers(EVENTS, batch(10, 20))
    assert recovery_order.defers(SIGNALS, early := batch(7, 9))
    assert recovery_order.release(EVENTS, 20) == []
    assert recovery_order.defers(SIGNALS, late := batch(9, 12))
    assert recovery_order.release(EVENTS, 30) == [(SIGNALS, early), (SIGNALS, late)]
    assert not recovery_order.defers(SIGNALS, batch(12, 13))
    assert recovery_order.release(EVENTS, 40) == []


@pytest.mark.parametrize(
    ("limits", "committed"),
    [((0, 30), 30), ((0, 0), None), ((30, 30), 10), ((30, 30), None)],
    ids=["all committed", "empty topic", "uncommitted records expired", "all records expired"],
)
def test_signals_do_not_wait_for_records_that_will_never_come(limits: tuple[int, int], committed: int | None) -> None:
    recovery_order = RecoveryOrder({EVENTS: limits}, {} if committed is None else {EVENTS: committed})
    assert not recovery_order.defers(SIGNALS, batch(0, 1))


def test_signals_wait_for_no_more_events_than_an_owner_can_have_processed() -> None:
    recovery_order = RecoveryOrder({EVENTS: (0, 10 * MAX_UNCOMMITTED)}, {EVENTS: MAX_UNCOMMITTED})
    assert recovery_order.defers(SIGNALS, signals := batch(0, 1))
    assert recovery_order.release(EVENTS, 2 * MAX_UNCOMMITTED - 1) == []
    assert recovery_order.release(EVENTS, 2 * MAX_UNCOMMITTED) == [(SIGNALS, signals)]


async def test_a_touchpoint_has_one_person_whatever_signals_arrive_before_a_replay(cluster: StreamCluster) -> None:
    people = [f"device:replayed-{number}" for number in range(60)]
    events = {person: _scan(person) for person in people}
    dying = cluster.start("identity", instance="dying", main=DIES_IN_COMMIT)
    await cluster.send(events.values())

    async def has_died() -> bool:
        return dying.poll() is not None

    await until(has_died, "the worker to die in its commit")
    ids = {event.event_id for event in events.values()}
    assert await cluster.contents(TOUCHPOINT_IDENTIFIED, ids), "it died before it had published anything"
    # The signals arrive in another order than the events: of some people before several events of a batch.
    root = "loyalty:replayed"
    signals = [PersonAssigned(person_of(root), 1, root, split=False) for _ in people]
    await cluster.send(
        envelope(one, root, person, events[person]) for one, person in zip(signals, reversed(people), strict=True)
    )
    cluster.start("identity", instance="successor", batch_rows="3")
    await cluster.quiet("identity")
    published = await cluster.contents(TOUCHPOINT_IDENTIFIED, ids)
    assert published.keys() == ids
    assert [len(contents) for contents in published.values()] == [1] * len(ids)
    nodes = await cluster.states("identity")
    assert {nodes[person].person_id for person in people} == {person_of(root)}
    cluster.stop("successor")


def _scan(primary_identifier: str) -> TouchpointRecorded:
    return TouchpointRecorded(
        event_id=derived("scan", primary_identifier),
        occurred_at=1_772_445_600_000_000,
        received_at=1_772_445_600_000_000,
        type="scan",
        source="story",
        primary_identifier=primary_identifier,
        identifiers=(primary_identifier,),
        tag="shelf",
    )
