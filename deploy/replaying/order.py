"""Records of several topics in the order in which they came to Kafka, with little of each in memory."""

import heapq
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.replaying.reading import WAIT_MS

AHEAD_ROWS = 5_000
"""Records of one partition that wait for those of others."""


async def in_order(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]
) -> AsyncIterator[tuple[TopicPartition, Any]]:
    """Every record before its partition's end. Partitions keep their own order; between them Kafka's timestamps
    decide."""
    consumer.assign(list(ends))
    await consumer.seek_to_beginning(*ends)
    waiting: dict[TopicPartition, deque[Any]] = {place: deque() for place in ends}
    heads: list[tuple[int, str, int]] = []
    for place in ends:
        await _offer(consumer, place, ends[place], waiting[place], heads)
    while heads:
        _, topic, number = heapq.heappop(heads)
        place = TopicPartition(topic, number)
        yield place, waiting[place].popleft()
        await _offer(consumer, place, ends[place], waiting[place], heads)


async def _offer(
    consumer: AIOKafkaConsumer,
    place: TopicPartition,
    end: int,
    waiting: deque[Any],
    heads: list[tuple[int, str, int]],
) -> None:
    """Puts the partition's next record up for choice, if there is one."""
    while not waiting and await consumer.position(place) < end:
        fetched = await consumer.getmany(place, timeout_ms=WAIT_MS, max_records=AHEAD_ROWS)
        waiting.extend(record for record in fetched.get(place, ()) if record.offset < end)
    if waiting:
        heapq.heappush(heads, (waiting[0].timestamp, place.topic, place.partition))
