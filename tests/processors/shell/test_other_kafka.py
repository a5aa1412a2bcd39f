"""Workers meet another Kafka than the one that their stores came from: lost volumes, moved clusters, topics that were
made again, a volume of yesterday. Nothing that was acknowledged is passed over.

The same events come again in each story: they have one effect.
"""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.operate.replay.groups import member_count
from deploy.operate.replay.state import replay
from deploy.setup.topics import apply
from processors.registry import PROCESSORS
from schemas.topics import TOUCHPOINT_RECORDED, changelog
from tests.processors.test_rebuilt import empty_topic
from tests.support.event_stream import EventStream
from tests.support.hangs import HANG_S
from tests.support.servers import KafkaServer, start_kafka
from tests.support.stream_checks import check_against_fold
from tests.support.stream_cluster import CODEC, StreamCluster, stream_cluster_on, until

ALL = ("identity", "context", "rewards")
NAME = "-".join(ALL)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[KafkaServer]:
    part = start_kafka(tmp_path / "kafka")
    apply(part.bootstrap)
    yield part
    part.kill()


async def processed(cluster: StreamCluster, events: list[Any]) -> None:
    """Sends the events twice and waits until all of it is processed."""
    await cluster.send([*events, *events])
    await cluster.quiet(*ALL)


async def test_a_worker_keeps_its_stores_and_gets_a_new_and_empty_kafka(broker: KafkaServer, tmp_path: Path) -> None:
    """In the new Kafka every offset is below the old watermarks at first. Then the old Kafka comes back, with its own
    state: the worker goes on there where it was."""
    old, new = EventStream("old-kafka", people=30), EventStream("new-kafka", people=30)
    data = tmp_path / "data"
    data.mkdir()
    async with stream_cluster_on(broker, data) as cluster:
        first = old.take(400)
        cluster.start(*ALL)
        await processed(cluster, first)
        cluster.stop(NAME)
    other = await asyncio.to_thread(start_kafka, tmp_path / "other-kafka")
    try:
        await asyncio.to_thread(apply, other.bootstrap)
        async with stream_cluster_on(other, data) as moved:
            moved.start(*ALL)
            events = new.take(300)
            await processed(moved, events)
            await check_against_fold(moved, new, events)
            assert "it belongs to another Kafka cluster" in moved.log(NAME)
            moved.stop(NAME)
    finally:
        other.kill()
    async with stream_cluster_on(broker, data) as back:
        back.start(*ALL)
        more = old.take(100)
        await processed(back, more)
        await check_against_fold(back, old, [*first, *more])


@pytest.mark.usefixtures("long_form")
async def test_topics_are_deleted_and_made_again_under_a_worker(broker: KafkaServer, tmp_path: Path) -> None:
    """A source topic while the worker runs: it ends, and goes on with the new topic from its beginning. Then a
    changelog while it is stopped: its store has the state, and another worker without a store finds it again."""
    stream = EventStream("made-again", people=30)
    async with stream_cluster_on(broker, tmp_path) as cluster:
        first = stream.take(300)
        running = cluster.start(*ALL)
        await processed(cluster, first)
        await empty_topic(cluster, TOUCHPOINT_RECORDED.name, "delete")
        assert await asyncio.to_thread(running.wait, HANG_S) == 1
        assert f"{TOUCHPOINT_RECORDED.name} was deleted and made again" in cluster.log(NAME)
        cluster.workers.pop(NAME)

        second = stream.take(100)
        cluster.start(*ALL)
        await processed(cluster, second)
        await check_against_fold(cluster, stream, [*first, *second])
        cluster.stop(NAME)

        await empty_topic(cluster, changelog("rewards"))
        third = stream.take(100)
        cluster.start(*ALL)
        await processed(cluster, third)
        assert "the changelog was emptied and is written anew from the store" in cluster.log(NAME)
        cluster.stop(NAME)
        shutil.rmtree(cluster.data / "workers" / NAME / "rewards")
        fourth = stream.take(100)
        cluster.start(*ALL)
        await processed(cluster, fourth)
        await check_against_fold(cluster, stream, [*first, *second, *third, *fourth])


@pytest.mark.usefixtures("long_form")
async def test_kafka_gets_its_volume_of_yesterday_back(broker: KafkaServer, tmp_path: Path) -> None:
    """What came since is gone from Kafka; the stores have it, so their watermarks lie beyond the ends of the topics.
    They are replaced, and all that comes now is processed."""
    stream = EventStream("yesterday", people=30)
    data = tmp_path / "data"
    data.mkdir()
    async with stream_cluster_on(broker, data) as cluster:
        first = stream.take(200)
        cluster.start(*ALL)
        await processed(cluster, first)
        cluster.stop(NAME)
    broker.stop()
    shutil.copytree(tmp_path / "kafka", tmp_path / "yesterday")
    await asyncio.to_thread(broker.start)
    async with stream_cluster_on(broker, data) as cluster:
        cluster.start(*ALL)
        await processed(cluster, stream.take(300))
        cluster.stop(NAME)
    broker.stop()
    shutil.rmtree(tmp_path / "kafka")
    (tmp_path / "yesterday").rename(tmp_path / "kafka")
    await asyncio.to_thread(broker.start)
    async with stream_cluster_on(broker, data) as cluster:
        cluster.start(*ALL)
        today = stream.take(100)
        await processed(cluster, today)
        await check_against_fold(cluster, stream, [*first, *today])
        assert "Kafka is older than the store" in cluster.log(NAME)
        assert list((data / "workers" / NAME / "rewards").glob("*.*")), "what was replaced is still there"


@pytest.mark.usefixtures("long_form")
async def test_a_state_that_is_gone_is_made_anew_by_the_command_that_the_worker_names(
    broker: KafkaServer, tmp_path: Path
) -> None:
    """Stores and changelogs are both gone; the group's offsets alone would begin after what the state has lost."""
    stream = EventStream("no-state", people=30)
    async with stream_cluster_on(broker, tmp_path) as cluster:
        first = stream.take(200)
        cluster.start(*ALL)
        await processed(cluster, first)
        cluster.stop(NAME)
        shutil.rmtree(cluster.data / "workers")
        for name in ALL:
            await empty_topic(cluster, changelog(name))
        lost = cluster.start(*ALL)
        assert await asyncio.to_thread(lost.wait, HANG_S) == 1
        assert "is gone: neither its changelog nor the store has it" in cluster.log(NAME)
        cluster.workers.pop(NAME)

        async def has_left() -> bool:
            return not any([await member_count(cluster.kafka, f"footpath-{name}") for name in ALL])

        await until(has_left, "the groups to notice that the worker is gone")
        for name in ALL:
            await replay(PROCESSORS[name], cluster.kafka, CODEC, tmp_path / "replay" / name, write=True)
        second = stream.take(100)
        cluster.start(*ALL)
        await processed(cluster, second)
        await check_against_fold(cluster, stream, [*first, *second])
