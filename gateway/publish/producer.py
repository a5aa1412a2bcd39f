"""Writes records to Kafka with acks=all, in requests that concurrent callers share."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gateway.publish.coalescer import Coalescer
from gateway.publish.records import Record
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.partitioner import partition_of
from schemas.kafka.producer import BatchProducer, Delivery
from schemas.topics import MAX_RECORD_BYTES

log = logging.getLogger(__name__)

BATCH_BYTES = 512 * 1024
INTERVAL_S = 0.01
"""Least time between two requests: a single scan is sent at once, many concurrent ones share the next request."""
GIVE_UP_AFTER_MS = 5000
"""How long the Kafka client goes on trying a record after its caller has stopped waiting."""


class PendingRecord:
    """One record on its way: it waits for the coalescer first, then for Kafka's acknowledgement."""

    __slots__ = ("_flush", "delivery", "record")

    def __init__(self, record: Record, flush: asyncio.Task[None]) -> None:
        self.record = record
        self.delivery: Delivery | None = None
        self._flush = flush

    @property
    def acknowledged(self) -> bool:
        """Whether Kafka has it."""
        return self.delivery is not None and self.delivery.arrived

    async def wait(self) -> None:
        """Returns when Kafka has acknowledged the record, or the client has given it up."""
        await asyncio.wait({self._flush})
        if self.delivery is not None:
            await asyncio.wait({self.delivery.delivery})


class Producer:
    """A connection to Kafka. :meth:`connect` comes before the first record."""

    def __init__(self, bootstrap: Kafka) -> None:
        self._bootstrap = bootstrap
        self._kafka: AIOKafkaProducer | None = None
        self._batches: BatchProducer | None = None
        self._coalescer = Coalescer(INTERVAL_S)
        self._pending: list[PendingRecord] = []
        self._flush: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Connects, or checks the connection when there is one. :raises KafkaError: no broker answers."""
        if self._kafka is None:
            kafka = AIOKafkaProducer(
                **client_options(self._bootstrap),
                acks="all",
                linger_ms=0,  # it would delay the batch of each partition by itself, the first one included
                max_batch_size=BATCH_BYTES,
                max_request_size=MAX_RECORD_BYTES,  # a record that the client refuses would stay at the spool's head
                request_timeout_ms=GIVE_UP_AFTER_MS,
                retry_backoff_ms=50,
                metadata_max_age_ms=30_000,
            )
            try:
                await kafka.start()
            except BaseException:
                await kafka.stop()
                raise
            self._kafka, self._batches = kafka, BatchProducer(kafka)
        elif not await self._kafka.client.force_metadata_update():
            raise KafkaError("no broker answers")

    async def close(self) -> None:
        if self._kafka is not None:
            await self._kafka.stop()

    def begin(self, record: Record) -> PendingRecord:
        """Queues one record for the next shared request and returns at once. A failure shows as a record that is
        never acknowledged.
        """
        if self._flush is None:
            self._flush = asyncio.create_task(self._flush_pending())
        pending = PendingRecord(record, self._flush)
        self._pending.append(pending)
        return pending

    async def produce(self, records: Sequence[Record], timeout_s: float) -> None:
        """Returns when Kafka has every record. Order is kept within each partition.

        :raises KafkaError, TimeoutError: some records may be in Kafka, some not.
        """
        async with asyncio.timeout(timeout_s):
            await self._coalescer.wait()
            for delivery in await self._send(records):
                await delivery

    async def _flush_pending(self) -> None:
        await self._coalescer.wait()
        flushed, self._pending, self._flush = self._pending, [], None
        try:
            deliveries = await self._send([pending.record for pending in flushed])
            for pending, delivery in zip(flushed, deliveries, strict=True):
                pending.delivery = delivery
        except KafkaError as error:
            log.warning("scans could not be produced: %s", type(error).__name__)

    async def _send(self, records: Sequence[Record]) -> list[Delivery]:
        """The delivery of each record, in the order of the records; one delivery serves many of them."""
        assert self._batches is not None, "not connected"
        by_partition: dict[tuple[str, int], list[int]] = defaultdict(list)
        for number, record in enumerate(records):
            partition = partition_of(record.key, await self._batches.partitions(record.topic))
            by_partition[record.topic, partition].append(number)
        deliveries: dict[int, Delivery] = {}
        for (topic, partition), numbers in by_partition.items():
            chosen = [records[number] for number in numbers]
            rows = [(record.key.encode(), record.value, record.headers) for record in chosen]
            batches = await self._batches.add(topic, partition, rows, [record.timestamp_ms for record in chosen])
            deliveries.update(zip(numbers, (batch for batch in batches for _ in batch.rows), strict=True))
        return [deliveries[number] for number in range(len(records))]
