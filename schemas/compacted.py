"""Follows a small compacted topic from its beginning: how every process learns the configuration and the stock."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import Codec, Undecodable
from schemas.topics import Topic


class Follower:
    """Reads all partitions of a topic without a group and hands each event to ``apply``, in each the oldest first.

    ``caught_up`` is set once everything is read that was there at the start. Bytes that are no event are skipped here:
    the sink reports them.
    """

    def __init__(self, bootstrap: str, topic: Topic, codec: Codec, apply: Callable[[Any], object]) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._codec = codec.of(topic)
        self._apply = apply
        self.caught_up = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; a lost broker is waited for."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            await consumer.start()
            partitions = await _partitions(consumer, self._topic.name)
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            while True:
                if not self.caught_up.is_set() and await _reached(consumer, ends):
                    self.caught_up.set()
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        try:
                            event = self._codec.decode(record.value)
                        except Undecodable:
                            continue
                        self._apply(event)
        finally:
            await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    while not (numbers := consumer.partitions_for_topic(topic)):
        await consumer._client.force_metadata_update()
        await asyncio.sleep(0.1)
    return [TopicPartition(topic, number) for number in sorted(numbers)]


async def _reached(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    return all([await consumer.position(partition) >= end for partition, end in ends.items()])
