"""Publishes effects: rows grouped by topic and partition, in order, acknowledged by all replicas."""

import asyncio
from collections import defaultdict

from aiokafka import AIOKafkaProducer

from processors import metrics
from processors.shell.handover import Handover, Row
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import partition_of

SMALL = 32
"""Up to so many rows join the partition's open batch; more get a batch of their own, which costs a round trip but far
less work for each row."""


class Outbox:
    """Collects the events of a batch, then sends them at once. ``flush`` gives the deliveries to wait for."""

    def __init__(
        self, processor: str, producer: AIOKafkaProducer, codec: Codec, partitions: int, handover: Handover
    ) -> None:
        self._processor = processor
        self._producer = producer
        self._codec = codec
        self._partitions = partitions
        self._handover = handover
        self._rows: dict[tuple[str, int], list[Row]] = defaultdict(list)

    def put(self, event: Event, partition: int | None = None) -> None:
        topic, key, value, headers = self._codec.record(event)
        if partition is None:
            partition = partition_of(key.decode(), self._partitions)
        self._rows[topic.name, partition].append((key, value, headers))

    async def flush(self) -> list[asyncio.Future[object]]:
        rows, self._rows = self._rows, defaultdict(list)
        deliveries: list[asyncio.Future[object]] = []
        for (topic, partition), of_partition in rows.items():
            metrics.EMITTED.labels(self._processor, topic).inc(len(of_partition))
            sent = await send_rows(self._producer, topic, partition, of_partition)
            deliveries += sent
            if len(sent) == len(of_partition):
                self._handover.follow(sent, topic, partition, of_partition)
        return deliveries


async def send_rows(
    producer: AIOKafkaProducer, topic: str, partition: int, rows: list[Row]
) -> list[asyncio.Future[object]]:
    """Hands rows of one partition to the producer, in order, and gives their deliveries."""
    if len(rows) <= SMALL:
        return [
            await producer.send(topic, value, key=key, partition=partition, headers=headers)
            for key, value, headers in rows
        ]
    deliveries: list[asyncio.Future[object]] = []
    at = 0
    while at < len(rows):
        batch, start = producer.create_batch(), at
        while at < len(rows):
            key, value, headers = rows[at]
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                break
            at += 1
        if at == start:
            raise ValueError(f"a record for {topic} is larger than a producer batch may be")
        batch.close()
        deliveries.append(await producer.send_batch(batch, topic, partition=partition))
    return deliveries
