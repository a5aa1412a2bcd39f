"""Reads a topic from its beginning and follows it: the brand configuration, the stock, erasures, answers."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec.avro import Codec, Undecodable
from schemas.kafka.client_options import consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.topics import Topic

FETCH_BYTES = 8 << 20
WAIT_MS, IDLE_WAIT_MS = 500, 5_000
"""How long a turn of the loop waits for records, before and after everything is read; a fetch waits as long as the
latter. The first record ends either."""
RECORDS_AT_ONCE = 500
"""Records that are taken between two turns of the event loop, some 10 ms."""


class CompactedReader:
    """Reads all partitions of a topic without a consumer group and calls ``apply`` with each event, in the order of
    each partition.

    ``caught_up`` is set once everything is read that was there at the start; a reader that takes another's place sets
    the same. Bytes that are no event are skipped here: the sink rejects them.
    """

    def __init__(
        self,
        bootstrap: Kafka,
        topic: Topic,
        codec: Codec,
        apply: Callable[[Any], object],
        caught_up: asyncio.Event | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._codec = codec.of(topic)
        self._apply = apply
        self.caught_up = caught_up or asyncio.Event()

    async def run(self) -> None:
        """Reads until cancelled; a lost broker is waited for. :raises KafkaError: no broker answers at the start."""
        consumer = AIOKafkaConsumer(
            **consumer_options(self._bootstrap),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=IDLE_WAIT_MS,
        )
        try:
            await consumer.start()
            partitions = await partitions_of_topic(consumer, self._topic)
            # Asked before the first fetch: on its connection another request waits until a fetch returns.
            ends = await consumer.end_offsets(partitions)
            consumer.assign(partitions)
            while True:
                if not self.caught_up.is_set() and await _reached(consumer, ends):
                    self.caught_up.set()
                wait_ms = IDLE_WAIT_MS if self.caught_up.is_set() else WAIT_MS
                for records in (await consumer.getmany(timeout_ms=wait_ms, max_records=RECORDS_AT_ONCE)).values():
                    for record in records:
                        self._take(record)
                # A large brand takes a second: requests and heartbeats have their turn meanwhile.
                await asyncio.sleep(0)
        finally:
            await consumer.stop()

    def _take(self, record: Any) -> None:
        try:
            event = self._codec.decode(record.value)
        except Undecodable:
            return
        self._apply(event)


async def partitions_of_topic(consumer: AIOKafkaConsumer, topic: Topic) -> list[TopicPartition]:
    """All partitions of a topic; waits until it is there."""
    while not (numbers := consumer.partitions_for_topic(topic.name)):
        await consumer._client.force_metadata_update()
        await asyncio.sleep(0.1)
    return [TopicPartition(topic.name, number) for number in sorted(numbers)]


async def _reached(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    return all([await consumer.position(partition) >= end for partition, end in ends.items()])
