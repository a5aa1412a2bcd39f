"""Fault: workers of the release before and of this one share partitions, in an upgrade and on the way back from it.
Promise: every event has its effects once, and balances are those of all events.

In the long form only: it needs the history of the repository.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.setup.topics import apply
from tests.support.event_stream import EventStream
from tests.support.servers import KafkaServer, start_kafka
from tests.support.stream_checks import check_against_fold
from tests.support.stream_cluster import MAIN, ROOT, stream_cluster_on

BEFORE = "b1dba01c3c27b1771faf86c142d4d35c711a453a"
"""The last commit whose states and topics count as the release before."""
ALL = ("identity", "context", "rewards")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[KafkaServer]:
    part = start_kafka(tmp_path / "kafka")
    apply(part.bootstrap)
    yield part
    part.kill()


@pytest.fixture
def before(long: bool, tmp_path: Path) -> Path:
    """The code of the release before."""
    if not long:
        pytest.skip("a minute, and the history of the repository; run by make chaos")
    folder = tmp_path / "before"
    folder.mkdir()
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", BEFORE], capture_output=True)
    if archive.returncode:
        pytest.skip(f"this copy of the repository has no commit {BEFORE[:7]}")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


async def test_releases_roll_in_both_directions(broker: KafkaServer, before: Path, tmp_path: Path) -> None:
    """Each step sends new events and some of the step before again, while two workers share the partitions."""
    stream, sent = EventStream("upgrade", people=200), list[object]()
    former = f"import sys; sys.path.insert(0, {str(before)!r})\n{MAIN}"
    data = tmp_path / "data"
    data.mkdir()
    async with stream_cluster_on(broker, data) as cluster:
        for step, (start, main, stop) in enumerate(
            [
                ("one", former, None),
                ("two", former, None),
                ("three", MAIN, "one"),
                ("one", MAIN, "two"),
                ("two", former, "three"),
                ("three", former, "one"),
                ("one", MAIN, "two"),
                ("two", MAIN, "three"),
            ]
        ):
            cluster.start(*ALL, instance=start, main=main)
            if stop:
                cluster.stop(stop)
            events = stream.take(500)
            await cluster.send([*sent[-100:], *events])  # type: ignore[list-item]
            sent += events
            if step % 2:
                await cluster.quiet(*ALL)
        await cluster.quiet(*ALL)
        await check_against_fold(cluster, stream, sent)
