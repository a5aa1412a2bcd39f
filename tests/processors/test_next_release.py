"""A release whose states have another version, and the way back from it, on a real Kafka."""

import asyncio
from pathlib import Path

import pytest

from deploy.operate.replay.groups import member_count
from deploy.operate.replay.state import replay
from processors.registry import PROCESSORS
from tests.support.event_stream import EventStream, expected
from tests.support.failing_workers import NEXT_RELEASE
from tests.support.hangs import HANG_S
from tests.support.stream_cluster import CODEC, StreamCluster, until


@pytest.mark.usefixtures("long_form")
async def test_a_state_goes_forward_and_the_way_back_is_said(cluster: StreamCluster, tmp_path: Path) -> None:
    """The next release reads the rows of this one. This one stops at rows of the next, with words; what they name
    brings it back. The same events come again after each step."""
    stream = EventStream("next-release", people=20)
    first = stream.take(200)
    cluster.start("identity")
    cluster.start("rewards")
    await cluster.send(first)
    await cluster.quiet("identity", "rewards")
    cluster.stop("rewards")

    second = stream.take(200)
    cluster.start("rewards", main=NEXT_RELEASE)
    await cluster.send([*first, *second])
    await cluster.quiet("identity", "rewards")
    cluster.stop("rewards")

    third = stream.take(200)
    back = cluster.start("rewards")
    await cluster.send([*second, *third])
    assert await asyncio.to_thread(back.wait, HANG_S) == 1
    assert "the state of rewards is of version 2, and this release reads it up to version 1" in cluster.log("rewards")
    cluster.workers.pop("rewards")
    await cluster.quiet("identity")
    await until(lambda: _has_left(cluster), "the group to notice that the worker is gone")
    await replay(PROCESSORS["rewards"], cluster.kafka, CODEC, tmp_path / "replay", write=True)

    cluster.start("rewards")
    await cluster.send(third)
    await cluster.quiet("identity", "rewards")
    _, due = expected([*first, *second, *third])
    states = await cluster.states("rewards")
    assert {key: states[key].balance for key in due} == due


async def _has_left(cluster: StreamCluster) -> bool:
    return await member_count(cluster.kafka, "footpath-rewards") == 0
