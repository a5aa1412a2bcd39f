"""Publishes effects: rows grouped by topic and partition, in order, acknowledged by all replicas; or, sealed, in the
transaction of the state that they follow from."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

from processors import metrics
from processors.shell.handover import Handover, Row
from processors.step import Emit
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import partition_of

SMALL = 32
"""Up to so many rows join the partition's open batch; more get a batch of their own, which costs a round trip but far
less work for each row."""
Rows = dict[tuple[str, int], list[Row]]
"""By topic and partition, in order."""


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
        self._rows: Rows = defaultdict(list)

    def put(self, event: Event, partition: int | None = None) -> None:
        self._add(self._rows, event, partition)

    def sealed(self, effects: Iterable[Emit]) -> Rows:
        """The rows that a commit has to write in its transaction."""
        rows: Rows = defaultdict(list)
        for effect in effects:
            self._add(rows, effect.event, effect.partition)
        for (topic, _), of_partition in rows.items():
            metrics.EMITTED.labels(self._processor, topic).inc(len(of_partition))
        return rows

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

    def _add(self, rows: Rows, event: Event, partition: int | None) -> None:
        topic, key, value, headers = self._codec.record(event)
        if partition is None:
            partition = partition_of(key.decode(), self._partitions)
        rows[topic.name, partition].append((key, value, headers))


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
