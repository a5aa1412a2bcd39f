"""Workers that are stopped while they recover, and disks and changelogs that are not what they were.

However often that happens: a recovery ends, and gives the state of a run that nothing ever troubled.
"""

import asyncio
import random
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, changelog
from tests.fire.ground import compacted, configure, empty, workers_broker
from tests.fire.memory import (
    STRANGERS,
    folded,
    last_words,
    of_people,
    on_disk,
    positions_on_disk,
    remember_strangers,
    restored,
    state_hash,
)
from tests.fire.seeds import draw_seed
from tests.parts import KafkaPart
from tests.processors.street import Street, street_on, until
from tests.processors.walkers import Walkers

pytestmark = pytest.mark.timeout(400)
ALL = ("identity", "context", "rewards")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaPart]:
    with workers_broker(tmp_path_factory.mktemp("recovery-kafka")) as part:
        yield part


@pytest.fixture
def only_long(long: bool) -> None:
    if not long:
        pytest.skip("the long form only; of the short one, test_faust_issues has the cases without a disk")


@pytest.fixture
async def street(broker: KafkaPart, tmp_path: Path) -> AsyncIterator[Street]:
    async with street_on(broker, tmp_path) as street:
        yield street


async def test_a_restart_in_the_middle_of_a_recovery(street: Street) -> None:
    """A worker is killed twice while it reads a long changelog.

    Each recovery goes on where the one before was, and the last one has everything.
    """
    await remember_strangers(street)
    reached = [0] * PARTITIONS
    for _ in range(2):
        street.start("rewards")
        await is_recovering(street, "rewards", reached)
        street.kill("rewards")
        before, reached = reached, positions_on_disk(street, "rewards", "rewards")
        assert sum(reached) > sum(before) and all(now >= then for now, then in zip(reached, before, strict=True))
    ends = await street.ends(changelog("rewards"))
    assert any(place < end for place, end in zip(reached, ends.values(), strict=True)), "it was over too soon"
    street.start("rewards", instance="rewards")
    await street.opened("rewards", PARTITIONS)
    street.stop("rewards")
    words = await last_words(street, "rewards")
    assert len(words) >= STRANGERS
    assert on_disk(street, "rewards", "rewards") == words


@pytest.mark.usefixtures("only_long")
async def test_a_rebalance_in_the_middle_of_a_recovery(street: Street) -> None:
    """A worker stands still while it recovers, loses its partitions, and wakes while another one serves them.

    It joins again and recovers what it is given; nothing is missing in what the two of them have.
    """
    await remember_strangers(street)
    walkers = Walkers("torn", people=50)
    street.start("identity", "context")
    sleeper = street.start("rewards", instance="sleeper")
    await is_recovering(street, "sleeper", [0] * PARTITIONS)
    sleeper.send_signal(signal.SIGSTOP)
    street.start("rewards", instance="other")
    await street.opened("other", PARTITIONS)
    await street.send(events := walkers.walk(500))
    sleeper.send_signal(signal.SIGCONT)

    async def shares_or_left() -> bool:
        return sleeper.poll() is not None or '"partition open"' in street.log("sleeper")

    await until(shares_or_left, 30, "the sleeper to join again or to end")
    await street.quiet(*ALL)
    for instance in ("sleeper", "other"):
        street.kill(instance)
    street.start("rewards", instance="sleeper")
    more = street.log("sleeper").count('"partition open"') + PARTITIONS
    await street.opened("sleeper", more)
    street.stop("sleeper")
    words = await last_words(street, "rewards")
    assert on_disk(street, "sleeper", "rewards") == words
    accounts = folded(events)["rewards"]
    assert of_people(words, set(accounts)) == accounts


@pytest.mark.usefixtures("only_long")
async def test_a_disk_from_before_the_changelog_was_compacted(street: Street) -> None:
    """A store stands at a changelog position that compaction has taken away.

    The recovery ends with the last word on everybody, and a duplicate from before is still known.
    """
    walkers = Walkers("gap", people=40)
    street.start(*ALL, instance="all", commit_interval_ms="50")
    await street.send(events := walkers.walk(400))
    await street.quiet(*ALL)
    street.stop("all")
    shutil.copytree(street.data / "workers", street.data / "kept aside")
    await work_on_and_compact(street, walkers, events)
    shutil.rmtree(street.data / "workers")
    shutil.move(street.data / "kept aside", street.data / "workers")
    identified = await street.count(TOUCHPOINT_IDENTIFIED)
    street.start(*ALL, instance="all")
    events += (last := walkers.walk(20))
    await street.send([events[-40], *last])
    await street.quiet(*ALL)
    assert await street.count(TOUCHPOINT_IDENTIFIED) == identified + len(last)
    street.stop("all")
    await is_as_untroubled(street, "all", events)


@pytest.mark.usefixtures("only_long")
async def test_a_disk_that_outlives_its_changelog(street: Street) -> None:
    """The changelogs are emptied; the disk is all that is left of the state.

    The worker keeps what it has, knows an old duplicate, and goes on.
    """
    walkers = Walkers("outlives", people=40)
    street.start(*ALL, instance="all")
    await street.send(events := walkers.walk(400))
    await street.quiet(*ALL)
    street.stop("all")
    before = {name: on_disk(street, "all", name) for name in ALL}
    for name in ALL:
        await empty(street, changelog(name))
    identified = await street.count(TOUCHPOINT_IDENTIFIED)
    street.start(*ALL, instance="all")
    await street.opened("all", 2 * len(ALL) * PARTITIONS)
    assert {name: on_disk(street, "all", name) for name in ALL} == before
    events += (last := walkers.walk(200))
    await street.send([events[0], *last])
    await street.quiet(*ALL)
    assert await street.count(TOUCHPOINT_IDENTIFIED) == identified + len(last)
    street.stop("all")
    wanted = folded(events)
    for name in ALL:
        assert of_people(on_disk(street, "all", name), set(wanted[name])) == wanted[name]


async def test_the_state_is_the_same_whenever_a_worker_is_restarted(street: Street, long: bool) -> None:
    """All three processors are killed or stopped at random moments, on disk and in memory, some lose their disk.

    The hash of the whole state is that of a run without any of this.
    """
    chance = random.Random(seed := draw_seed())
    walkers = Walkers(f"hash-{seed}", people=300)
    events = []
    for number in range(1, (100 if long else 5) + 1):
        worker = street.start(
            *ALL,
            instance="all",
            store=chance.choice(("rocksdb", "memory")),
            commit_interval_ms=chance.choice(("20", "200", "1000")),
            session_timeout_ms="1000",
            heartbeat_interval_ms="300",
        )
        events += (more := walkers.walk(chance.randrange(20, 400)))
        await street.send(more)
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(worker.wait, chance.uniform(0.3, 3.5))
        assert worker.poll() is None, street.log("all")
        if chance.random() < 0.6:
            street.kill("all")
        else:
            code = street.leave("all")
            assert code in (0, -signal.SIGTERM), f"ended with {code}:\n{street.log('all')}"
        if chance.random() < 0.3:
            shutil.rmtree(street.data / "workers", ignore_errors=True)
        if number % 25 == 0 or number == 5:
            opened = street.log("all").count('"partition open"')
            street.start(*ALL, instance="all")
            await street.opened("all", opened + len(ALL) * PARTITIONS)
            await street.quiet(*ALL)
            street.stop("all")
            await is_as_untroubled(street, "all", events)


async def is_as_untroubled(street: Street, instance: str, events: list) -> None:
    """Changelog, a restore of it, and the disk agree to the byte, and with a fold over the events."""
    wanted = folded(events)
    for name in ALL:
        words, disk = await last_words(street, name), on_disk(street, instance, name)
        assert state_hash(words) == state_hash(await restored(street, name)), name
        assert state_hash(of_people(words, set(wanted[name]))) == state_hash(wanted[name]), name
        assert {key: words[key] for key in disk} == disk, name
        assert state_hash(of_people(disk, set(wanted[name]))) == state_hash(wanted[name]), name


async def work_on_and_compact(street: Street, walkers: Walkers, events: list) -> None:
    """Everybody changes a few times more, with everything old compacted away and the last segment closed."""
    for name in ALL:
        await configure(
            street,
            changelog(name),
            cleanup_policy="compact",
            segment_ms="100",
            min_cleanable_dirty_ratio="0.01",
            delete_retention_ms="0",
        )
    street.start(*ALL, instance="all", commit_interval_ms="50")
    for _ in range(4):
        events += (more := walkers.walk(400))
        await street.send(more)
        await street.quiet(*ALL)
    street.stop("all")
    for name in ALL:
        await compacted(street, changelog(name))


async def is_recovering(street: Street, instance: str, since: list[int]) -> None:
    """Waits until the worker's stores have got further than they were."""

    end = time.monotonic() + 20
    while sum(positions_on_disk(street, instance, "rewards")) <= sum(since):
        assert time.monotonic() < end, street.log(instance)
