"""Workers that are stopped during a recovery, and stores and changelogs that do not belong together any more.

Every recovery ends, with the state of a run without faults.
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

from processors.registry import PROCESSORS
from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, changelog
from tests.chaos.faulty_servers import compacting_broker, configure, delete_all_records, wait_until_compacted
from tests.chaos.stored_state import (
    FILLED_KEYS,
    fill_changelog,
    folded_states,
    last_rows,
    positions_on_disk,
    restored_rows,
    rows_of_keys,
    rows_on_disk,
    state_hash,
)
from tests.support.event_stream import EventStream
from tests.support.hangs import HANG_S
from tests.support.seeds import draw_seed
from tests.support.servers import KafkaServer
from tests.support.stream_cluster import StreamCluster, stream_cluster_on, until

ALL = tuple(PROCESSORS)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    with compacting_broker(tmp_path_factory.mktemp("recovery-kafka")) as server:
        yield server


@pytest.fixture
def only_long(long: bool) -> None:
    if not long:
        pytest.skip("the long form only; in the short form, test_faust_issues has the cases without a disk")


@pytest.fixture
async def cluster(broker: KafkaServer, tmp_path: Path) -> AsyncIterator[StreamCluster]:
    async with stream_cluster_on(broker, tmp_path) as cluster:
        yield cluster


@pytest.mark.usefixtures("only_long")
async def test_a_restart_in_the_middle_of_a_recovery(cluster: StreamCluster) -> None:
    """A worker is killed twice while it restores a long changelog.

    Each recovery continues at the position of the one before, and the last one restores every row.
    """
    await fill_changelog(cluster)
    positions = [0] * PARTITIONS
    for _ in range(2):
        cluster.start("rewards")
        await wait_for_recovery_progress(cluster, "rewards", positions)
        cluster.kill("rewards")
        before, positions = positions, positions_on_disk(cluster, "rewards", "rewards")
        assert sum(positions) > sum(before)
        assert all(now >= then for now, then in zip(positions, before, strict=True))
    ends = await cluster.ends(changelog("rewards"))
    assert any(position < end for position, end in zip(positions, ends.values(), strict=True)), "the recovery had ended"
    cluster.start("rewards", instance="rewards")
    await cluster.opened("rewards", PARTITIONS)
    cluster.stop("rewards")
    rows = await last_rows(cluster, "rewards")
    assert len(rows) >= FILLED_KEYS
    assert rows_on_disk(cluster, "rewards", "rewards") == rows


@pytest.mark.usefixtures("only_long")
async def test_a_rebalance_in_the_middle_of_a_recovery(cluster: StreamCluster) -> None:
    """A worker is paused during its recovery, loses its partitions, and resumes while another worker has them.

    It rejoins and recovers the partitions assigned to it; the changelog and a store restored from it have every row.
    """
    await fill_changelog(cluster)
    stream = EventStream("rebalance", people=50)
    cluster.start("identity", "context")
    paused = cluster.start("rewards", instance="paused")
    await wait_for_recovery_progress(cluster, "paused", [0] * PARTITIONS)
    paused.send_signal(signal.SIGSTOP)
    cluster.start("rewards", instance="other")
    await cluster.opened("other", PARTITIONS)
    await cluster.send(events := stream.take(500))
    paused.send_signal(signal.SIGCONT)

    async def rejoined_or_ended() -> bool:
        return paused.poll() is not None or '"partition open"' in cluster.log("paused")

    await until(rejoined_or_ended, "the paused worker to rejoin or to end")
    await cluster.quiet(*ALL)
    for instance in ("paused", "other"):
        cluster.kill(instance)
    cluster.start("rewards", instance="paused")
    opened = cluster.log("paused").count('"partition open"')
    await cluster.opened("paused", opened + PARTITIONS)
    cluster.stop("paused")
    rows = await last_rows(cluster, "rewards")
    assert rows_on_disk(cluster, "paused", "rewards") == rows
    accounts = folded_states(events)["rewards"]
    assert rows_of_keys(rows, set(accounts)) == accounts


@pytest.mark.usefixtures("only_long")
async def test_a_store_older_than_the_compacted_changelog(cluster: StreamCluster) -> None:
    """A store's changelog position is that of a record that compaction has removed.

    The recovery ends with the last row of each key, and a duplicate of an early event is still recognised.
    """
    stream = EventStream("compacted", people=40)
    cluster.start(*ALL, instance="all", commit_interval_ms="50")
    await cluster.send(events := stream.take(400))
    await cluster.quiet(*ALL)
    cluster.stop("all")
    shutil.copytree(cluster.data / "workers", cluster.data / "copy")
    await change_and_compact(cluster, stream, events)
    shutil.rmtree(cluster.data / "workers")
    shutil.move(cluster.data / "copy", cluster.data / "workers")
    identified = await cluster.count(TOUCHPOINT_IDENTIFIED)
    cluster.start(*ALL, instance="all")
    events += (last := stream.take(20))
    await cluster.send([events[-40], *last])
    await cluster.quiet(*ALL)
    assert await cluster.count(TOUCHPOINT_IDENTIFIED) == identified + len(last)
    cluster.stop("all")
    await assert_state_of_a_run_without_faults(cluster, "all", events)


@pytest.mark.usefixtures("only_long")
async def test_a_store_whose_changelog_was_emptied(cluster: StreamCluster) -> None:
    """All records of the changelogs are deleted; only the stores still have the state.

    The worker keeps its rows, recognises a duplicate of an early event, and continues.
    """
    stream = EventStream("emptied", people=40)
    cluster.start(*ALL, instance="all")
    await cluster.send(events := stream.take(400))
    await cluster.quiet(*ALL)
    cluster.stop("all")
    before = {name: rows_on_disk(cluster, "all", name) for name in ALL}
    for name in ALL:
        await delete_all_records(cluster, changelog(name))
    identified = await cluster.count(TOUCHPOINT_IDENTIFIED)
    cluster.start(*ALL, instance="all")
    await cluster.opened("all", 2 * len(ALL) * PARTITIONS)
    assert {name: rows_on_disk(cluster, "all", name) for name in ALL} == before
    events += (last := stream.take(200))
    await cluster.send([events[0], *last])
    await cluster.quiet(*ALL)
    assert await cluster.count(TOUCHPOINT_IDENTIFIED) == identified + len(last)
    cluster.stop("all")
    expected = folded_states(events)
    for name in ALL:
        assert rows_of_keys(rows_on_disk(cluster, "all", name), set(expected[name])) == expected[name]


async def test_the_state_is_the_same_whenever_a_worker_is_restarted(cluster: StreamCluster, long: bool) -> None:
    """All processors are killed or stopped at random moments, with stores on disk or in memory; some lose their disk.

    The hash of the whole state is that of a run without faults.
    """
    rng = random.Random(seed := draw_seed())
    stream = EventStream(f"hash-{seed}", people=300)
    events = []
    for number in range(1, (100 if long else 5) + 1):
        worker = cluster.start(
            *ALL,
            instance="all",
            store=rng.choice(("rocksdb", "memory")),
            commit_interval_ms=rng.choice(("20", "200", "1000")),
            session_timeout_ms="1000",
            heartbeat_interval_ms="300",
        )
        events += (more := stream.take(rng.randrange(20, 400)))
        await cluster.send(more)
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(worker.wait, rng.uniform(0.3, 3.5))
        assert worker.poll() is None, cluster.log("all")
        if rng.random() < 0.6:
            cluster.kill("all")
        else:
            code = cluster.leave("all")
            assert code in (0, -signal.SIGTERM), f"ended with {code}:\n{cluster.log('all')}"
        if rng.random() < 0.3:
            shutil.rmtree(cluster.data / "workers", ignore_errors=True)
        if number % 25 == 0 or number == 5:
            opened = cluster.log("all").count('"partition open"')
            cluster.start(*ALL, instance="all")
            await cluster.opened("all", opened + len(ALL) * PARTITIONS)
            await cluster.quiet(*ALL)
            cluster.stop("all")
            await assert_state_of_a_run_without_faults(cluster, "all", events)


async def assert_state_of_a_run_without_faults(cluster: StreamCluster, instance: str, events: list) -> None:
    """Asserts that the changelog, a restore of it, the store and a fold over the events agree to the byte."""
    expected = folded_states(events)
    for name in ALL:
        rows, disk = await last_rows(cluster, name), rows_on_disk(cluster, instance, name)
        assert state_hash(rows) == state_hash(await restored_rows(cluster, name)), name
        assert state_hash(rows_of_keys(rows, set(expected[name]))) == state_hash(expected[name]), name
        assert {key: rows[key] for key in disk} == disk, name
        assert state_hash(rows_of_keys(disk, set(expected[name]))) == state_hash(expected[name]), name


async def change_and_compact(cluster: StreamCluster, stream: EventStream, events: list) -> None:
    """Changes every row a few times more and waits until the changelogs are compacted up to their open segments."""
    for name in ALL:
        await configure(
            cluster,
            changelog(name),
            cleanup_policy="compact",
            segment_ms="100",
            min_cleanable_dirty_ratio="0.01",
            delete_retention_ms="0",
        )
    cluster.start(*ALL, instance="all", commit_interval_ms="50")
    for _ in range(4):
        events += (more := stream.take(400))
        await cluster.send(more)
        await cluster.quiet(*ALL)
    cluster.stop("all")
    for name in ALL:
        await wait_until_compacted(cluster, changelog(name))


async def wait_for_recovery_progress(cluster: StreamCluster, instance: str, since: list[int]) -> None:
    """Waits until the changelog positions of the worker's stores are beyond ``since`` in total."""
    end = time.monotonic() + HANG_S
    while sum(positions_on_disk(cluster, instance, "rewards")) <= sum(since):
        assert time.monotonic() < end, cluster.log(instance)
