"""A killed worker's successor replaces its group member at once, not when the session ends."""

import time
from pathlib import Path

from processors.shell.stale_member import StaleMember
from schemas.topics import PARTITIONS
from tests.support.stream_cluster import StreamCluster

SESSION_MS = 25_000


async def test_a_successor_after_kill_9_serves_before_the_session_ends(cluster: StreamCluster) -> None:
    """The fault: kill -9 of a worker whose session lasts 25 s. The promise: its successor in the same folder serves at
    once."""
    cluster.start("rewards", session_timeout_ms=str(SESSION_MS))
    await cluster.opened("rewards", PARTITIONS)
    cluster.kill("rewards")
    began = time.monotonic()
    cluster.start("rewards", session_timeout_ms=str(SESSION_MS))
    await cluster.opened("rewards", 2 * PARTITIONS)
    assert time.monotonic() - began < SESSION_MS / 1000 / 2


async def test_a_member_that_the_group_does_not_have_any_more_is_no_problem(
    cluster: StreamCluster, tmp_path: Path
) -> None:
    file = tmp_path / "rewards.member"
    member = StaleMember(cluster.kafka, "footpath-rewards", file)
    await member.remove()
    member.record("aiokafka-0.0-gone")
    await member.remove()
    assert not file.exists()


async def test_without_kafka_the_member_is_only_not_removed(tmp_path: Path) -> None:
    file = tmp_path / "rewards.member"
    file.write_text("aiokafka-0.0-gone")
    await StaleMember("127.0.0.1:9", "footpath-rewards", file).remove()
    assert not file.exists()
