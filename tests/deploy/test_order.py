"""Records of several topics come in the order of Kafka's timestamps, and each partition's in its own."""

import heapq
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import TopicPartition

from deploy.replaying.order import in_order
from tests.fire.simulation.broker_twin import Rec


@dataclass
class Kafka:
    """Logs that are handed out a few records at a time; offsets have gaps, where transactions end."""

    logs: dict[TopicPartition, list[Rec]]
    ends: dict[TopicPartition, int]
    chance: random.Random
    at: Counter[TopicPartition] = field(default_factory=Counter)

    def assign(self, places: Sequence[TopicPartition]) -> None:
        assert set(places) == self.logs.keys()

    async def seek_to_beginning(self, *places: TopicPartition) -> None:
        self.at.clear()

    async def position(self, place: TopicPartition) -> int:
        log = self.logs[place]
        return log[self.at[place]].offset if self.at[place] < len(log) else self.ends[place]

    async def getmany(
        self, place: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Any]]:
        count = min(max_records, self.chance.randint(0, 4))
        run = self.logs[place][self.at[place] : self.at[place] + count]
        self.at[place] += len(run)
        return {place: run} if run else {}


@pytest.mark.parametrize("seed", range(30))
async def test_every_record_comes_once_in_order(seed: int) -> None:
    chance = random.Random(seed)
    logs, ends = {}, {}
    for place in (TopicPartition(topic, number) for topic in "ab" for number in range(3)):
        offset, now, log = chance.randint(0, 5), 0, []
        for _ in range(chance.randint(0, 20)):
            now += chance.randint(0, 9)
            log.append(Rec(offset, b"", b"", now))
            offset += chance.choice((1, 1, 1, 2))
        logs[place], ends[place] = log, offset
    cuts = {place: chance.randint(0, end) for place, end in ends.items()}
    kafka: Any = Kafka(logs, ends, chance)
    got = [(place, record) async for place, record in in_order(kafka, cuts)]
    wanted = {place: [record for record in log if record.offset < cuts[place]] for place, log in logs.items()}
    assert {place: [record for where, record in got if where == place] for place in logs} == wanted
    times = [record.timestamp for _, record in got]
    assert times == list(heapq.merge(*([record.timestamp for record in log] for log in wanted.values())))
