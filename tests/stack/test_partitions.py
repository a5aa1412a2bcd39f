"""Processes whose FOOTPATH_PARTITIONS is missing or wrong: they take the number from the topics, or refuse to start.

A worker with another number than the topics have wrote people into a second state; a gateway with another one gave
every phone its fallback.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from deploy.operate.replay.topic_reader import batches, offset_ranges, open_consumer, partitions_of
from deploy.setup import brand, topics
from schemas.topics import STATE_MOVED, TOUCHPOINT_IDENTIFIED
from tests.support.gateway_process import BRAND, GatewayClient, GatewayProcess
from tests.support.hangs import HANG_S
from tests.support.servers import start_kafka
from tests.support.stream_cluster import StreamCluster, until

COUNT = 3
PROCESSORS = ("identity", "context")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Kafka whose topics have another number of partitions than the default of any process."""
    server = start_kafka(tmp_path_factory.mktemp("kafka"))
    topics.apply(server.bootstrap, COUNT)
    brand.apply(server.bootstrap, [BRAND])
    yield server.bootstrap
    server.stop()


@pytest.fixture
async def cluster(broker: str, tmp_path: Path) -> AsyncIterator[StreamCluster]:
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    cluster = StreamCluster(broker, tmp_path, producer)
    yield cluster
    cluster.clear()
    await producer.stop()


def gateway(broker: str, folder: Path, **environ: str) -> GatewayProcess:
    process = GatewayProcess(broker, folder)
    process.environ.update(environ)
    return process


async def test_without_the_setting_a_phone_is_one_person_in_one_partition(
    broker: str, cluster: StreamCluster, tmp_path: Path
) -> None:
    cluster.start(*PROCESSORS)
    process = await gateway(broker, tmp_path / "gateway").start("/health/stream")
    try:
        async with GatewayClient(process) as phone:
            for _ in range(4):
                answer = await phone.scan("shelf-1")
                assert answer.headers["Footpath-Outcome"] == "routed"
    finally:
        process.close()
    found = await partitions_by_key(broker, TOUCHPOINT_IDENTIFIED.name)
    assert found and all(len(partitions) == 1 for partitions in found.values())


async def partitions_by_key(broker: str, topic: str) -> dict[bytes, set[int]]:
    found = defaultdict(set)
    async with open_consumer(broker) as consumer:
        _, ends = await offset_ranges(consumer, await partitions_of(consumer, [topic]))
        async for partition, records in batches(consumer, ends):
            for record in records:
                found[record.key].add(partition.partition)
    return found


@pytest.mark.parametrize("count", ["1", "8"])
async def test_a_wrong_number_stops_workers_and_gateways_with_its_name(
    broker: str, cluster: StreamCluster, tmp_path: Path, count: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTPATH_PARTITIONS", count)
    worker = cluster.start(*PROCESSORS, instance="wrong")
    process = gateway(broker, tmp_path / "gateway", FOOTPATH_PARTITIONS=count)
    launched = process.launch()
    message = f"FOOTPATH_PARTITIONS={count}: the topics have {COUNT} partitions"
    assert await asyncio.to_thread(worker.wait, HANG_S) == 1
    assert message in cluster.log("wrong").splitlines()[-1]
    assert await asyncio.to_thread(launched.wait, HANG_S) == 1
    assert message in process.log.read_text().splitlines()[-1]


async def test_a_reply_partition_that_is_none_is_named(broker: str, tmp_path: Path) -> None:
    process = gateway(broker, tmp_path, FOOTPATH_GATEWAY_REPLY_PARTITION="7")
    assert await asyncio.to_thread(process.launch().wait, HANG_S) == 1
    assert "FOOTPATH_GATEWAY_REPLY_PARTITION=7: must be below 3" in process.log.read_text().splitlines()[-1]


async def test_topics_of_unequal_numbers_are_named(broker: str, cluster: StreamCluster) -> None:
    """The last test of this file: it changes the topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_partitions({STATE_MOVED.name: NewPartitions(total_count=5)})
    finally:
        await admin.close()
    worker = cluster.start("rewards")
    assert await asyncio.to_thread(worker.wait, HANG_S) == 1
    assert f"5 partitions: {STATE_MOVED.name}" in cluster.log("rewards").splitlines()[-1]
    with pytest.raises(topics.SetupError, match=f"5 partitions: {STATE_MOVED.name}"):
        await asyncio.to_thread(topics.apply, broker)
    # The topics of identity are equal: it runs.
    cluster.start("identity")
    await until(lambda: _opened(cluster), "identity to open its partitions", cluster.logs)


async def _opened(cluster: StreamCluster) -> bool:
    return cluster.log("identity").count('"partition open"') == COUNT
