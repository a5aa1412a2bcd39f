"""Workers that are killed, paused, moved and robbed of their disks, on a real Kafka: nothing lost, nothing paid twice.

Every test ends with the same comparison: distinct effects and states are those of a plain fold over the events.
"""

import asyncio
import shutil
import signal
from collections.abc import Sequence
from typing import Any

import pytest

from processors.rewards.state import Account
from schemas.topics import (
    PARTITIONS,
    REWARD_POSTED,
    SCAN_ROUTED,
    TOUCHPOINT_IDENTIFIED,
)
from tests.processors.street import Street, until
from tests.processors.walkers import Walkers, expected

ALL = ("identity", "context", "rewards")


async def is_as_folded(street: Street, walkers: Walkers, events: Sequence[Any]) -> None:
    """Every event identified, every scan answered, every reward there, each with one content; balances as folded."""
    ids = {event.event_id for event in events}
    entries, balances = expected(events)
    identified = await street.contents(TOUCHPOINT_IDENTIFIED, ids)
    assert identified.keys() == ids
    assert all(len(contents) == 1 for contents in identified.values())
    assert await street.contents(REWARD_POSTED, ids) == entries
    scans = {event.event_id for event in events if event.type == "scan"}
    routed = await street.contents(SCAN_ROUTED, scans)
    assert len(routed) == len(scans) and all(len(contents) == 1 for contents in routed.values())
    states = await street.states("rewards")
    assert {key: states[key].balance for key in balances} == balances
    people = {walkers.person(number) for number in range(walkers.people)}
    assert sum(s.balance for key, s in states.items() if key in people and isinstance(s, Account)) == sum(
        balances.values()
    )


async def more_than(street: Street, topic: Any, count: int) -> None:
    """Waits until a topic has so many records: somebody is in the middle of their work."""

    async def has_grown() -> bool:
        return await street.count(topic) >= count

    await until(has_grown, 30, f"{count} in {topic.noun}")


@pytest.mark.timeout(110)
async def test_kill_9_in_the_middle_of_20_000_events(street: Street) -> None:
    """Each worker dies twice while it has most of the work before it; a tenth of the events comes twice."""
    walkers = Walkers("kill", people=2000)
    for name in ALL:
        street.start(name)
    events: list[Any] = []
    for _ in range(2):
        before = {
            topic.noun: await street.count(topic) for topic in (REWARD_POSTED, SCAN_ROUTED, TOUCHPOINT_IDENTIFIED)
        }
        events += (more := walkers.walk(10_000))
        sending = asyncio.ensure_future(street.send([*more[:5000], *more[4000:]]))
        for victim, topic, work in (
            ("rewards", REWARD_POSTED, 200),
            ("context", SCAN_ROUTED, 500),
            ("identity", TOUCHPOINT_IDENTIFIED, 1000),
        ):
            await more_than(street, topic, before[topic.noun] + work)
            street.kill(victim)
        for name in ALL:
            street.start(name)
        await sending
    await street.quiet(*ALL)
    await is_as_folded(street, walkers, events)
    for name in ALL:
        street.stop(name)


async def test_a_worker_without_its_disk_remembers_from_the_changelog(street: Street) -> None:
    """A duplicate of an event from before is still known, and balances go on where they were."""
    walkers = Walkers("disk", people=50)
    first = walkers.walk(1000)
    street.start(*ALL)
    await street.send(first)
    await street.quiet(*ALL)
    street.stop("-".join(ALL))
    shutil.rmtree(street.data / "workers")
    identified = await street.count(TOUCHPOINT_IDENTIFIED)
    street.start(*ALL)
    second = walkers.walk(500)
    await street.send([first[-1], *second])
    await street.quiet(*ALL)
    assert await street.count(TOUCHPOINT_IDENTIFIED) == identified + len(second)
    await is_as_folded(street, walkers, [*first, *second])


async def test_a_paused_worker_wakes_up_and_changes_nothing(street: Street) -> None:
    """A zombie: its partitions have moved on when it wakes with work that it had not committed."""
    walkers = Walkers("zombie", people=100)
    first, second, third = walkers.walk(1000), walkers.walk(300), walkers.walk(300)
    street.start("identity", "context")
    zombie = street.start("rewards", commit_interval_ms="60000")
    before = await street.count(REWARD_POSTED)
    await street.send(first)
    entries, _ = expected(first)

    async def has_paid() -> bool:
        return await street.count(REWARD_POSTED) >= before + len(entries)

    await until(has_paid, 30, "the first worker to publish what it never commits")
    zombie.send_signal(signal.SIGSTOP)
    street.start("rewards", instance="rewards-2")
    await street.send(second)
    await street.quiet("identity", "rewards")
    zombie.send_signal(signal.SIGCONT)
    await street.send(third)

    async def is_over() -> bool:
        return zombie.poll() is not None or street.log("rewards").count('"partition open"') > PARTITIONS

    await until(is_over, 30, "the zombie to end or to join again")
    assert zombie.poll() in (None, 1), street.log("rewards")
    if zombie.poll() == 1:
        assert "Fenced" in street.log("rewards")
    await street.quiet("identity", "context")
    for instance in ("rewards", "rewards-2"):
        street.kill(instance)
    street.start("rewards", instance="rewards-3")
    await street.quiet("rewards")
    await is_as_folded(street, walkers, [*first, *second, *third])


async def test_workers_that_come_and_go_under_load(street: Street) -> None:
    walkers = Walkers("rebalance", people=500)
    events = walkers.walk(6_000)
    street.start("identity", "context")
    street.start("rewards")
    before = await street.count(REWARD_POSTED)
    sending = asyncio.ensure_future(street.send(events))
    await more_than(street, REWARD_POSTED, before + 200)
    street.start("rewards", instance="rewards-2")
    street.start("identity", "context", instance="second")
    await street.opened("rewards-2", 1)
    await street.opened("second", 1)
    street.stop("rewards")
    street.stop("second")
    await sending
    await street.quiet(*ALL)
    await is_as_folded(street, walkers, events)
    street.stop("rewards-2")
