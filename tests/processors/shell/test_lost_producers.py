"""A worker whose transactional producer Kafka refuses opens its partition again and repeats the batch; one whose
partition another worker has does not. On a real Kafka that forgets transactional ids after seconds instead of a week.
"""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerFenced

from processors.shell.state.changelog import WATERMARK
from schemas.events import Event, TouchpointIdentified
from schemas.ids import derived, person_of
from schemas.topics import PARTITIONS, REWARD_POSTED, changelog
from tests.processors.shell.test_transactional import Couples, points, scan_of, transfers
from tests.support.failing_workers import SLEEPS_IN_TRANSACTION
from tests.support.forgetful_kafka import start_forgetful_kafka, wait_until_forgotten
from tests.support.servers import KafkaServer
from tests.support.stream_cluster import StreamCluster, stream_cluster_on, until

LOST = '"a partition lost its producer'


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    server = start_forgetful_kafka(tmp_path_factory.mktemp("forgetful-kafka"))
    yield server
    server.stop()


@pytest.fixture
async def cluster(forgetful: KafkaServer, tmp_path: Path) -> AsyncIterator[StreamCluster]:
    async with stream_cluster_on(forgetful, tmp_path) as cluster:
        yield cluster


async def _rewards(cluster: StreamCluster, couples: Couples) -> int:
    """Points of these people by the events, each counted once."""
    posted = [event for event in await cluster.events(REWARD_POSTED) if event.source_profile_id in couples.losers]
    return sum({event.event_id: event.points for event in posted}.values())


async def test_after_a_silent_week_a_worker_goes_on(cluster: StreamCluster) -> None:
    couples = Couples("silent", 12)
    worker = cluster.start("rewards", commit_interval_ms="300")
    await cluster.send(couples.scans())
    await cluster.quiet("rewards")
    await wait_until_forgotten(cluster.kafka, "footpath-rewards-", PARTITIONS, cluster.logs)
    await cluster.send([*couples.merges(), *couples.late_scans()])
    await cluster.quiet("rewards")
    assert LOST in cluster.log("rewards"), "its transactional ids were still known"
    assert "InvalidProducerIdMapping" in cluster.log("rewards")
    assert worker.poll() is None and cluster.log("rewards").count('"partition open"') > PARTITIONS
    assert await points(cluster, couples.winners) == [10] * len(couples.winners)
    seen = await transfers(cluster, couples, committed=True)
    # A late scan that comes after its merge travels too, as an event that follows its part.
    assert len(seen) >= len(couples.losers) and set(seen.values()) == {1}, "transactional effects exist once"
    assert await _rewards(cluster, couples) == 10 * len(couples.losers)
    cluster.stop("rewards")
    # The replay twin: a worker without a store finds all of it done, whatever is sent again.
    await cluster.send([*couples.scans(), *couples.merges(), *couples.late_scans()])
    cluster.start("rewards", instance="twin")
    await cluster.quiet("rewards")
    assert await points(cluster, couples.winners) == [10] * len(couples.winners)
    assert await _rewards(cluster, couples) == 10 * len(couples.losers)


@pytest.mark.usefixtures("long_form")
async def test_the_first_events_after_an_expiry_are_not_lost_where_nothing_was_ever_committed(
    cluster: StreamCluster,
) -> None:
    """No watermark says where to go on, and no further record shows that one is missing."""
    cluster.start("identity", "context", commit_interval_ms="300")
    await cluster.opened("identity-context", 2 * PARTITIONS)
    await wait_until_forgotten(cluster.kafka, "footpath-context-", PARTITIONS, cluster.logs)
    profiles = [person_of(f"device:expired-{number}") for number in range(8)]
    scans = [scan_of(profile, profile, "expired") for profile in profiles]
    await cluster.send(scans)
    await cluster.quiet("context")
    rows = {record.key for record in await cluster.read(changelog("context"), committed=True)}
    assert {scan.person_id.encode() for scan in scans} <= rows
    assert any(key.startswith(WATERMARK) for key in rows) and LOST in cluster.log("identity-context")
    cluster.stop("identity-context")


@pytest.mark.usefixtures("long_form")
async def test_a_transaction_that_timed_out_is_repeated(cluster: StreamCluster) -> None:
    couples = Couples("slow", 12)
    cluster.start("rewards")
    await cluster.send(couples.scans())
    await cluster.quiet("rewards")
    cluster.stop("rewards")
    await cluster.send(couples.merges())
    worker = cluster.start(
        "rewards", instance="slow", main=SLEEPS_IN_TRANSACTION, commit_interval_ms="300", transaction_timeout_ms="1000"
    )
    await cluster.quiet("rewards")
    assert LOST in cluster.log("slow") and worker.poll() is None
    assert await points(cluster, couples.winners) == [5] * len(couples.winners)
    seen = await transfers(cluster, couples, committed=True)
    assert len(seen) == len(couples.losers) and set(seen.values()) == {1}
    assert sum((await transfers(cluster, couples, committed=False)).values()) > len(couples.losers), "nothing timed out"
    cluster.stop("slow")


async def test_a_member_of_the_group_takes_its_partition_back_from_one_that_is_none(cluster: StreamCluster) -> None:
    couples = Couples("foreign", 12)
    worker = cluster.start("rewards", commit_interval_ms="300")
    await cluster.opened("rewards", PARTITIONS)
    foreign = [
        AIOKafkaProducer(bootstrap_servers=cluster.kafka, transactional_id=f"footpath-rewards-{n}") for n in (0, 1)
    ]
    for one in foreign:
        await one.start()
    try:
        await cluster.send([*couples.scans(), *couples.merges()])
        await cluster.quiet("rewards")
        assert await points(cluster, couples.winners) == [5] * len(couples.winners)
        assert LOST in cluster.log("rewards") and worker.poll() is None
        with pytest.raises(ProducerFenced):
            async with foreign[0].transaction():
                await foreign[0].send_and_wait(changelog("rewards"), b"nothing", b"of the worker's", partition=0)
    finally:
        for one in foreign:
            await one.stop()
    cluster.stop("rewards")


async def test_a_worker_that_slept_takes_nothing_from_the_one_that_has_its_partitions_now(
    cluster: StreamCluster,
) -> None:
    couples = Couples("slept", 12)
    sleeping = cluster.start("rewards", instance="sleeping", commit_interval_ms="3000")
    await cluster.send(couples.scans())
    await _wait_until_applied(cluster, couples)
    os.kill(sleeping.pid, signal.SIGSTOP)
    cluster.start("rewards", instance="awake", commit_interval_ms="300")
    await cluster.send([*couples.merges(), *couples.late_scans()])
    await cluster.quiet("rewards")
    opened = cluster.log("sleeping").count('"partition open"')
    os.kill(sleeping.pid, signal.SIGCONT)

    async def is_back() -> bool:
        return sleeping.poll() is not None or cluster.log("sleeping").count('"partition open"') > opened

    await until(is_back, "the worker that slept to end or to join again", cluster.logs)
    await cluster.send(_later(couples))
    await cluster.quiet("rewards")
    assert LOST not in cluster.log("awake"), "the worker that slept has fenced the owner"
    assert await points(cluster, couples.winners) == [15] * len(couples.winners)
    assert await _rewards(cluster, couples) == 15 * len(couples.losers)


async def _wait_until_applied(cluster: StreamCluster, couples: Couples) -> None:
    async def are_rewarded() -> bool:
        return await _rewards(cluster, couples) == 5 * len(couples.losers)

    await until(are_rewarded, "the scans to be rewarded", cluster.logs)


def _later(couples: Couples) -> list[Event]:
    scans: list[TouchpointIdentified] = couples.scans()  # type: ignore[assignment]
    fields = [{name: getattr(scan, name) for name in scan.__struct_fields__} for scan in scans]
    return [TouchpointIdentified(**one | {"event_id": derived("later", one["event_id"])}) for one in fields]
