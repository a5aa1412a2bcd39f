"""Workers that are killed, paused, rebalanced and deprived of their disks, on a real Kafka: no event is lost, none
rewarded twice.

Every test ends with the same comparison: distinct effects and states are those of a plain fold over the events.
"""

import asyncio
import shutil
import signal
from typing import Any

from schemas.topics import (
    PARTITIONS,
    REWARD_POSTED,
    SCAN_ROUTED,
    TOUCHPOINT_IDENTIFIED,
)
from tests.support.event_stream import EventStream, expected
from tests.support.stream_checks import check_against_fold
from tests.support.stream_cluster import StreamCluster, until

ALL = ("identity", "context", "rewards")
EVENTS, LONG_EVENTS = 6_000, 20_000


async def grown_to(cluster: StreamCluster, topic: Any, count: int) -> None:
    """Waits until a topic has so many records, so that a worker is in the middle of its work."""

    async def has_grown() -> bool:
        return await cluster.count(topic) >= count

    await until(has_grown, f"{count} in {topic.noun}")


async def test_kill_9_in_the_middle_of_thousands_of_events(cluster: StreamCluster, long: bool) -> None:
    """Each worker is killed twice with most of its work undone; a tenth of the events arrives twice."""
    count = LONG_EVENTS if long else EVENTS
    stream = EventStream("kill", people=2000)
    for name in ALL:
        cluster.start(name)
    events: list[Any] = []
    for _ in range(2):
        before = {
            topic.noun: await cluster.count(topic) for topic in (REWARD_POSTED, SCAN_ROUTED, TOUCHPOINT_IDENTIFIED)
        }
        events += (more := stream.take(count // 2))
        sending = asyncio.ensure_future(cluster.send([*more[: count // 4], *more[count // 5 :]]))
        for victim, topic, work in (
            ("rewards", REWARD_POSTED, 200),
            ("context", SCAN_ROUTED, 500),
            ("identity", TOUCHPOINT_IDENTIFIED, 1000),
        ):
            await grown_to(cluster, topic, before[topic.noun] + work)
            cluster.kill(victim)
        for name in ALL:
            cluster.start(name)
        await sending
    await cluster.quiet(*ALL)
    await check_against_fold(cluster, stream, events)
    for name in ALL:
        cluster.stop(name)


async def test_a_worker_without_its_disk_restores_from_the_changelog(cluster: StreamCluster) -> None:
    """A duplicate of an earlier event is still detected, and balances continue where they were."""
    stream = EventStream("disk", people=50)
    first = stream.take(1000)
    cluster.start(*ALL)
    await cluster.send(first)
    await cluster.quiet(*ALL)
    cluster.stop("-".join(ALL))
    shutil.rmtree(cluster.data / "workers")
    identified = await cluster.count(TOUCHPOINT_IDENTIFIED)
    cluster.start(*ALL)
    second = stream.take(500)
    await cluster.send([first[-1], *second])
    await cluster.quiet(*ALL)
    assert await cluster.count(TOUCHPOINT_IDENTIFIED) == identified + len(second)
    await check_against_fold(cluster, stream, [*first, *second])


async def test_a_paused_worker_wakes_up_and_changes_nothing(cluster: StreamCluster) -> None:
    """A zombie: its partitions have another owner when it wakes with uncommitted work."""
    stream = EventStream("zombie", people=100)
    first, second, third = stream.take(1000), stream.take(300), stream.take(300)
    cluster.start("identity", "context")
    zombie = cluster.start("rewards", commit_interval_ms="60000")
    before = await cluster.count(REWARD_POSTED)
    await cluster.send(first)
    entries, _ = expected(first)

    async def has_rewarded() -> bool:
        return await cluster.count(REWARD_POSTED) >= before + len(entries)

    await until(has_rewarded, "the first worker to publish effects that it never commits")
    zombie.send_signal(signal.SIGSTOP)
    cluster.start("rewards", instance="rewards-2")
    await cluster.send(second)
    await cluster.quiet("identity", "rewards")
    zombie.send_signal(signal.SIGCONT)
    await cluster.send(third)

    async def is_over() -> bool:
        return zombie.poll() is not None or cluster.log("rewards").count('"partition open"') > PARTITIONS

    await until(is_over, "the zombie to end or to join the group again")
    assert zombie.poll() in (None, 1), cluster.log("rewards")
    if zombie.poll() == 1:
        assert "Fenced" in cluster.log("rewards")
    await cluster.quiet("identity", "context")
    for instance in ("rewards", "rewards-2"):
        cluster.kill(instance)
    cluster.start("rewards", instance="rewards-3")
    await cluster.quiet("rewards")
    await check_against_fold(cluster, stream, [*first, *second, *third])


async def test_workers_that_come_and_go_under_load(cluster: StreamCluster) -> None:
    stream = EventStream("rebalance", people=500)
    events = stream.take(6_000)
    cluster.start("identity", "context")
    cluster.start("rewards")
    before = await cluster.count(REWARD_POSTED)
    sending = asyncio.ensure_future(cluster.send(events))
    await grown_to(cluster, REWARD_POSTED, before + 200)
    cluster.start("rewards", instance="rewards-2")
    cluster.start("identity", "context", instance="second")
    await cluster.opened("rewards-2", 1)
    await cluster.opened("second", 1)
    cluster.stop("rewards")
    cluster.stop("second")
    await sending
    await cluster.quiet(*ALL)
    await check_against_fold(cluster, stream, events)
    cluster.stop("rewards-2")
