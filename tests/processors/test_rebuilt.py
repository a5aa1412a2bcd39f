"""States are rebuilt from their topics, on real Kafka: for a wrong changelog, a deleted one, an older disk."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from deploy.operate.replay.state import StateReplay, replay
from deploy.setup.topics import apply
from processors.registry import PROCESSORS
from processors.rewards.state import Account
from processors.shell.state.dedup_window import PAGE
from processors.shell.state.records import Active, StateRecordCodec
from processors.shell.state.store import RocksStore
from schemas.kafka.addressing import HEADER
from schemas.kafka.partitioner import partition_of
from schemas.process.errors import OperatorError
from schemas.topics import PARTITIONS, SCAN_ROUTED, TOUCHPOINT_RECORDED, changelog
from tests.support.event_stream import EventStream, expected
from tests.support.servers import KafkaServer, start_kafka
from tests.support.stream_cluster import CODEC, StreamCluster, until

ALL = ("identity", "context", "rewards")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker of its own: on a shared one the replay would read all events of other tests, and of a hub the stored
    neighbours depend on the order of arrival."""
    part = start_kafka(tmp_path_factory.mktemp("rebuilt-kafka"))
    apply(part.bootstrap)
    yield part
    part.stop()


async def rebuilt(cluster: StreamCluster, folder: Path, name: str = "rewards", write: bool = False) -> StateReplay:
    shutil.rmtree(folder, ignore_errors=True)
    return await replay(PROCESSORS[name], cluster.kafka, CODEC, folder, write)


async def test_a_wrong_or_deleted_changelog_is_rebuilt_from_the_sources(cluster: StreamCluster, tmp_path: Path) -> None:
    """One account is emptied, and there is one of a person without events: a comparison names both, and a write, which
    is refused while workers run, corrects them. Then the topic is deleted and created again, and the worker's disk is
    at a position that the new topic does not have: the rebuilt state counts. At the end nothing differs."""
    stream, folder = EventStream("lies", people=40), tmp_path / "replay"
    events = stream.take(400)
    cluster.start(*ALL)
    await cluster.send(events)
    await cluster.quiet(*ALL)
    with pytest.raises(OperatorError, match="stop them first"):
        await rebuilt(cluster, folder, write=True)
    replays = {name: await rebuilt(cluster, folder, name) for name in ALL}
    assert [
        (n, one) for n, replayed in replays.items() for one in replayed.partitions if not (one.equal and one.keys)
    ] == []
    cluster.stop("-".join(ALL))

    _, due = expected(events)
    victim, other = sorted(due, key=due.__getitem__)[-2:]
    nothing = StateRecordCodec(Account).encode(Active(Account()))
    for key, row in ((victim, nothing), ("nobody", (await _rows(cluster))[other])):
        await cluster.producer.send_and_wait(
            changelog("rewards"), row, key.encode(), partition=partition_of(key, PARTITIONS)
        )
    found = (await rebuilt(cluster, folder)).partitions
    assert sum(partition.differing for partition in found) == 2
    assert {key for partition in found for key in partition.examples} == {victim, "nobody"}
    await rebuilt(cluster, folder, write=True)
    assert all(partition.equal for partition in (await rebuilt(cluster, folder)).partitions)

    await empty_topic(cluster, changelog("rewards"))
    assert not await cluster.states("rewards")
    disk = RocksStore(cluster.data / "workers" / "-".join(ALL) / "rewards" / str(partition_of(other, PARTITIONS)))
    disk.write([(other.encode(), nothing)], disk.position + 1_000)
    disk.close()
    await rebuilt(cluster, folder, write=True)
    await empty_topic(cluster, changelog("identity"))
    await rebuilt(cluster, folder, "identity", write=True)
    records = await cluster.read(changelog("identity"), committed=True)
    assert any(record.key.startswith(PAGE) for record in records), (
        "a duplicate of an event before the rebuild would be processed twice"
    )
    more = stream.take(200)
    cluster.start(*ALL)
    await cluster.send([*events[:20], *more])
    await cluster.quiet(*ALL)
    _, due = expected([*events, *more])
    states = await cluster.states("rewards")
    assert {key: states[key].balance for key in due} == due
    cluster.stop("-".join(ALL))
    assert all(partition.equal for partition in (await rebuilt(cluster, folder)).partitions)


async def test_a_record_for_one_stage_is_skipped_by_others(cluster: StreamCluster) -> None:
    """A touchpoint that is published again for context is skipped by identity; one for identity is not."""
    stream = EventStream("addressed", people=2)
    (event,) = stream.take(1)
    cluster.start("identity", "context")
    topic, key, value, headers = CODEC.record(event)
    for stage in ("context", "identity"):
        before = await cluster.count(SCAN_ROUTED)
        await cluster.producer.send_and_wait(
            topic.name, value, key, partition_of(key.decode(), PARTITIONS), headers=[*headers, (HEADER, stage.encode())]
        )
        await cluster.quiet("identity", "context")
        assert await cluster.count(SCAN_ROUTED) - before == (stage == "identity")
    assert topic is TOUCHPOINT_RECORDED


async def _rows(cluster: StreamCluster) -> dict[str, bytes]:
    """The last row of each account in the changelog."""
    return {record.key.decode(): record.value for record in await cluster.read(changelog("rewards"), committed=True)}


async def empty_topic(cluster: StreamCluster, topic: str, policy: str = "compact") -> None:
    """Deletes a topic and creates it again."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.kafka)
    await admin.start()
    try:
        await admin.delete_topics([topic])

        async def is_created() -> bool:
            new = NewTopic(topic, PARTITIONS, 1, topic_configs={"cleanup.policy": policy})
            return (await admin.create_topics([new])).topic_errors[0][1] == 0

        await until(is_created, f"{topic} to be created again")

        async def answers() -> bool:
            try:
                return sum((await cluster.ends(topic)).values()) == 0
            except UnknownTopicOrPartitionError:
                return False

        await until(answers, f"{topic} to answer")
    finally:
        await admin.close()
