"""Records into Kafka with acks=all: one by one when there are few, in prebuilt batches when there are many."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from gateway.records import Record
from gateway.turns import Turns
from schemas.ids import partition_of

MANY = 32
"""From so many records of one topic on, prebuilt batches are cheaper, though each costs a round trip per
partition.
"""
BATCH_BYTES = 512 * 1024
SPACING_S = 0.01
"""Least time between two requests: the first scan leaves at once, in a crowd several share the next."""
GIVE_UP_AFTER_MS = 5000
"""How long the Kafka client goes on trying a record that nobody waits for any more."""

Acknowledgement = asyncio.Future[object]


class Producer:
    """A connection to Kafka. Nothing is handed over before :meth:`connect`."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._kafka: AIOKafkaProducer | None = None
        self._turns = Turns(SPACING_S)

    async def connect(self) -> None:
        """:raises KafkaError: no broker answers."""
        if self._kafka is None:
            kafka = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                acks="all",
                linger_ms=0,  # it would hold back each partition's batch for itself, also the first
                max_batch_size=BATCH_BYTES,
                request_timeout_ms=GIVE_UP_AFTER_MS,
                retry_backoff_ms=50,
                metadata_max_age_ms=30_000,
            )
            try:
                await kafka.start()
            except BaseException:
                await kafka.stop()
                raise
            self._kafka = kafka
        elif not await self._kafka.client.force_metadata_update():
            raise KafkaError("no broker answers")

    async def close(self) -> None:
        if self._kafka is not None:
            await self._kafka.stop()

    async def begin(self, record: Record) -> Acknowledgement:
        """Hands one record over; the future ends when Kafka has it.

        :raises KafkaError: it cannot be taken now.
        """
        await self._turns.take()
        return await self._send(record)

    async def produce(self, records: Sequence[Record], timeout_s: float) -> None:
        """Returns when Kafka has every record. Order is kept within each partition.

        :raises KafkaError, TimeoutError: some may be in Kafka, some not.
        """
        by_topic: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_topic[record.topic].append(record)
        async with asyncio.timeout(timeout_s):
            await self._turns.take()
            sent = []
            for topic, of_topic in by_topic.items():
                if len(of_topic) < MANY:
                    sent += [await self._send(record) for record in of_topic]
                else:
                    sent += await self._batches(topic, of_topic)
            await asyncio.wait(sent)
        for one in sent:
            one.result()

    async def _send(self, record: Record) -> Acknowledgement:
        assert self._kafka is not None, "not connected"
        sent: Acknowledgement = await self._kafka.send(
            record.topic, record.value, record.key.encode(), timestamp_ms=record.timestamp_ms, headers=record.headers
        )
        sent.add_done_callback(_seen)
        return sent

    async def _batches(self, topic: str, records: Sequence[Record]) -> list[Acknowledgement]:
        assert self._kafka is not None, "not connected"
        partitions = len(await self._kafka.partitions_for(topic))
        by_partition: dict[int, list[Record]] = defaultdict(list)
        for record in records:
            by_partition[partition_of(record.key, partitions)].append(record)
        groups = [self._send_batches(topic, number, of_partition) for number, of_partition in by_partition.items()]
        return [one for group in await asyncio.gather(*groups) for one in group]

    async def _send_batches(self, topic: str, partition: int, records: Sequence[Record]) -> list[Acknowledgement]:
        assert self._kafka is not None, "not connected"
        sent = []
        rest = list(reversed(records))
        while rest:
            batch = self._kafka.create_batch()
            while rest and _append(batch, rest[-1]):
                rest.pop()
            one: Acknowledgement = await self._kafka.send_batch(batch, topic, partition=partition)
            one.add_done_callback(_seen)
            sent.append(one)
        return sent


def _append(batch: BatchBuilder, record: Record) -> bool:
    """False when the batch is full."""
    added = batch.append(
        key=record.key.encode(), value=record.value, timestamp=record.timestamp_ms, headers=record.headers
    )
    return added is not None


def _seen(sent: Acknowledgement) -> None:
    """Marks a late failure as known: whoever waited has taken the record elsewhere."""
    if not sent.cancelled():
        sent.exception()
