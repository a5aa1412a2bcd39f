"""Fault: owners of partitions end at any step, while identifiers are joined.
Promise: no partition processes further beyond its last commit than the next owner's recovery order reckons with.

Some 5 s.
"""

from typing import Any
from unittest.mock import patch

from processors.shell import partition
from processors.shell.fetch import recovery_order
from schemas.topics import TOUCHPOINT_RECORDED
from tests.chaos.simulation.scenarios import JOINED
from tests.chaos.simulation.seeds import problem

LIMIT = 8


def test_no_partition_processes_further_beyond_a_commit() -> None:
    uncommitted: list[int] = []
    process, topic_name = partition.Partition._process, TOUCHPOINT_RECORDED.name

    async def watched(self: Any, topic: str, *args: Any) -> None:
        await process(self, topic, *args)
        if topic == topic_name and topic_name in self._next:
            uncommitted.append(self._next[topic_name] - self._committed.get(topic_name, 0))

    with (
        patch.object(partition, "MAX_UNCOMMITTED", LIMIT),
        patch.object(recovery_order, "MAX_UNCOMMITTED", LIMIT),
        patch.object(partition.Partition, "_process", watched),
    ):
        for seed in range(40):
            assert not problem(JOINED, JOINED.case(seed))
    assert max(uncommitted) == LIMIT
