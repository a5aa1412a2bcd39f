"""Records of several topics are read in the order of Kafka's timestamps, and those of a partition in their own."""

import heapq
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import TopicPartition

from deploy.operate.replay.order import in_time_order
from tests.support.source_records import SourceRecord


@dataclass
class ConsumerTwin:
    """A consumer twin that gives a few records at a time; offsets have gaps, where transactions end."""

    logs: dict[TopicPartition, list[SourceRecord]]
    ends: dict[TopicPartition, int]
    chance: random.Random
    read: Counter[TopicPartition] = field(default_factory=Counter)

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        assert set(partitions) == self.logs.keys()

    async def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        self.read.clear()

    async def position(self, partition: TopicPartition) -> int:
        log = self.logs[partition]
        return log[self.read[partition]].offset if self.read[partition] < len(log) else self.ends[partition]

    async def getmany(
        self, partition: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Any]]:
        count = min(max_records, self.chance.randint(0, 4))
        records = self.logs[partition][self.read[partition] : self.read[partition] + count]
        self.read[partition] += len(records)
        return {partition: records} if records else {}


@pytest.mark.parametrize("seed", range(30))
async def test_every_record_comes_once_in_time_order(seed: int) -> None:
    chance = random.Random(seed)
    logs, ends = {}, {}
    for partition in (TopicPartition(topic, number) for topic in "ab" for number in range(3)):
        offset, now, log = chance.randint(0, 5), 0, []
        for _ in range(chance.randint(0, 20)):
            now += chance.randint(0, 9)
            log.append(SourceRecord(offset, b"", b"", now))
            offset += chance.choice((1, 1, 1, 2))
        logs[partition], ends[partition] = log, offset
    limits = {partition: chance.randint(0, end) for partition, end in ends.items()}
    consumer: Any = ConsumerTwin(logs, ends, chance)
    got = [(partition, record) async for partition, record in in_time_order(consumer, limits)]
    wanted = {
        partition: [record for record in log if record.offset < limits[partition]] for partition, log in logs.items()
    }
    assert {partition: [record for source, record in got if source == partition] for partition in logs} == wanted
    times = [record.timestamp for _, record in got]
    assert times == list(heapq.merge(*([record.timestamp for record in log] for log in wanted.values())))
