"""Known issues of faust-streaming 0.15.3 by their number, and tests that this system does not have them.

The fixes are in processors/shell; fetch/consumer.py lists which of Faust's steps each of them replaces.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED, changelog
from tests.chaos.faulty_servers import compacting_broker, configure, delete_all_records, wait_until_compacted
from tests.chaos.stored_state import folded_states, last_rows, rows_of_keys, rows_on_disk
from tests.support.event_stream import EventStream
from tests.support.servers import KafkaServer
from tests.support.stream_cluster import StreamCluster, stream_cluster_on, until


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    with compacting_broker(tmp_path_factory.mktemp("faust-kafka")) as server:
        yield server


@pytest.fixture
async def cluster(broker: KafkaServer, tmp_path: Path) -> AsyncIterator[StreamCluster]:
    async with stream_cluster_on(broker, tmp_path) as cluster:
        yield cluster


async def test_faust_596_no_record_is_skipped_while_a_recovery_ends(cluster: StreamCluster) -> None:
    """Faust resumes, seeks and clears the sources in three steps at the end of a recovery, while its fetcher runs:
    records fetched between the steps are lost, or commits stop for good.

    Here events are published continuously while workers join, leave and recover; each event is identified and the
    committed offsets reach the end.
    """
    stream = EventStream("f596", people=300)
    sent = []
    stopped = asyncio.Event()

    async def send_until_stopped() -> None:
        while not stopped.is_set():
            sent.extend(more := stream.take(25))
            await cluster.send(more)
            await asyncio.sleep(0.02)

    sending = asyncio.ensure_future(send_until_stopped())
    cluster.start("identity", instance="permanent", batch_rows="50")
    await cluster.opened("permanent", PARTITIONS)
    opened = 0
    for _ in range(2):
        cluster.start("identity", instance="rejoining", batch_rows="50")
        await cluster.opened("rejoining", opened + 1)
        cluster.stop("rejoining")
        opened = cluster.log("rejoining").count('"partition open"')
    stopped.set()
    await sending
    await cluster.quiet("identity")
    ids = {event.event_id for event in sent}
    identified = await cluster.contents(TOUCHPOINT_IDENTIFIED, ids)
    assert identified.keys() == ids


KILLED_AT_CHECK = 3
"""The worker is killed early, while there are events left to process."""


async def test_faust_606_no_commit_passes_work_in_flight(cluster: StreamCluster) -> None:
    """Faust may commit an offset while a message before it is still being processed.

    Here the topic has an identified event for every committed offset, at each check.
    """
    stream = EventStream("f606", people=500)
    identified_before = await cluster.count(TOUCHPOINT_IDENTIFIED)
    first = await cluster.ends(TOUCHPOINT_RECORDED.name)
    cluster.start("identity", commit_interval_ms="1", batch_rows="50")
    events = stream.take(3000)
    sending = asyncio.ensure_future(cluster.send(events))
    checks = 0
    while not sending.done() or not await cluster.is_done("identity"):
        committed = await cluster.committed("identity")  # read first: the count may only grow meanwhile
        published = await cluster.count(TOUCHPOINT_IDENTIFIED) - identified_before
        assert sum(max(0, offset - first[partition]) for partition, offset in committed.items()) <= published
        checks += 1
        if checks == KILLED_AT_CHECK:
            cluster.kill("identity")
            cluster.start("identity", commit_interval_ms="1", batch_rows="50")
    assert checks > KILLED_AT_CHECK
    identified = await cluster.contents(TOUCHPOINT_IDENTIFIED, {event.event_id for event in events})
    assert len(identified) == len(events)


async def test_faust_502_processed_offsets_are_committed_before_partitions_move(cluster: StreamCluster) -> None:
    """Faust drops acknowledged offsets that are not committed when partitions move: their records are processed again.

    Here a worker that has committed nothing yet commits before its partitions are revoked, and the next worker
    processes no record again.
    """
    stream = EventStream("f502", people=100)
    before = await cluster.count(TOUCHPOINT_IDENTIFIED)
    cluster.start("identity", instance="first", commit_interval_ms="60000")
    await cluster.opened("first", PARTITIONS)
    committed = await cluster.committed("identity")
    await cluster.send(stream.take(400))

    async def are_identified() -> bool:
        return await cluster.count(TOUCHPOINT_IDENTIFIED) == before + 400

    await until(are_identified, "the first worker to identify the events")
    assert await cluster.committed("identity") == committed
    cluster.start("identity", instance="second")
    await cluster.opened("second", 1)
    cluster.stop("first")
    await cluster.quiet("identity")
    assert await are_identified(), "records were processed again"


async def test_faust_176_a_recovery_from_a_compacted_changelog_ends(cluster: StreamCluster) -> None:
    """Faust waits for every offset up to the end of the changelog, also for those that compaction has removed.

    Here a worker without a disk reads the records that are left, ends its recovery and has the state.
    """
    stream = EventStream("f176", people=20)
    await configure(
        cluster,
        changelog("identity"),
        cleanup_policy="compact",
        segment_ms="100",
        min_cleanable_dirty_ratio="0.01",
        delete_retention_ms="0",
    )
    cluster.start("identity", instance="first", commit_interval_ms="20")
    events = stream.take(12 * 50)
    for end in range(len(events), 0, -50):  # newest first: an identifier's row changes with each older event
        await cluster.send([*reversed(events[end - 50 : end])])
        await cluster.quiet("identity")
    cluster.stop("first")
    await wait_until_compacted(cluster, changelog("identity"))
    cluster.start("identity", instance="without a disk")
    await cluster.opened("without a disk", PARTITIONS)
    cluster.stop("without a disk")
    rows = await last_rows(cluster, "identity")
    assert rows_on_disk(cluster, "without a disk", "identity") == rows
    expected = folded_states(events)["identity"]
    assert rows_of_keys(rows, set(expected)).keys() == expected.keys()


async def test_faust_597_a_recovery_from_an_emptied_changelog_ends(cluster: StreamCluster) -> None:
    """Faust waits for the record before the end of the changelog, also when the changelog is empty, or when that record
    is a commit marker, which consumers do not return.

    Here a worker without a disk starts with a commit marker at the end, then with its disk and an empty changelog.
    """
    stream = EventStream("f597", people=20)
    sent = []
    before = await cluster.count(TOUCHPOINT_IDENTIFIED)
    for instance, openings in (("first", 1), ("without a disk", 1), ("without a disk", 2)):
        if openings == 2:
            await delete_all_records(cluster, changelog("identity"))
        cluster.start("identity", instance=instance, commit_interval_ms="10")
        await cluster.opened(instance, openings * PARTITIONS)
        sent += (more := stream.take(100))
        await cluster.send(more)
        await cluster.quiet("identity")
        cluster.stop(instance)
    ids = {event.event_id for event in sent}
    assert (await cluster.contents(TOUCHPOINT_IDENTIFIED, ids)).keys() == ids
    assert await cluster.count(TOUCHPOINT_IDENTIFIED) == before + len(ids)
