"""Records of several topics in the order of their timestamps, with little of each partition in memory."""

import heapq
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.operate.replay.topic_reader import WAIT_MS

AHEAD_ROWS = 5_000
"""Records that are fetched of one partition before they are due."""


async def in_time_order(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]
) -> AsyncIterator[tuple[TopicPartition, Any]]:
    """Every record before its partition's end. Partitions keep their own order; between them Kafka's timestamps
    decide."""
    consumer.assign(list(ends))
    await consumer.seek_to_beginning(*ends)
    fetched: dict[TopicPartition, deque[Any]] = {partition: deque() for partition in ends}
    heads: list[tuple[int, str, int]] = []
    for partition in ends:
        await _push_head(consumer, partition, ends[partition], fetched[partition], heads)
    while heads:
        _, topic, number = heapq.heappop(heads)
        partition = TopicPartition(topic, number)
        yield partition, fetched[partition].popleft()
        await _push_head(consumer, partition, ends[partition], fetched[partition], heads)


async def _push_head(
    consumer: AIOKafkaConsumer,
    partition: TopicPartition,
    end: int,
    fetched: deque[Any],
    heads: list[tuple[int, str, int]],
) -> None:
    """Adds the timestamp of the partition's next record to the heap ``heads``, if there is a next record."""
    while not fetched and await consumer.position(partition) < end:
        records = await consumer.getmany(partition, timeout_ms=WAIT_MS, max_records=AHEAD_ROWS)
        fetched.extend(record for record in records.get(partition, ()) if record.offset < end)
    if fetched:
        heapq.heappush(heads, (fetched[0].timestamp, partition.topic, partition.partition))
