"""Writes records to Kafka with acks=all, in requests that concurrent callers share.

What Kafka refuses of one topic (it is missing or forbidden, or takes no record of this kind) is told apart from a Kafka
that does not answer: the first concerns that topic alone.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTimestampError,
    InvalidTopicError,
    KafkaError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from gateway.publish.clock import Clock
from gateway.publish.coalescer import Coalescer
from gateway.publish.records import Record
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.partitioner import partitions_of
from schemas.kafka.producer import BatchProducer, Delivery
from schemas.kafka.topic_ids import fetch_topic_ids
from schemas.topics import MAX_RECORD_BYTES, TOUCHPOINT_RECORDED, partition_key

log = logging.getLogger(__name__)

BATCH_BYTES = 512 * 1024
INTERVAL_S = 0.01
"""Least time between two requests: a single scan is sent at once, many concurrent ones share the next request."""
GIVE_UP_AFTER_MS = 5000
"""How long the Kafka client goes on trying a record after its caller has stopped waiting."""


LOG_APPEND_TIME = 1
"""Timestamp type of records that the brokers stamp."""
TOPIC_ERRORS = (
    TopicAuthorizationFailedError,
    ClusterAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    InvalidTopicError,
    InvalidTimestampError,
    KafkaTimeoutError,
    TimeoutError,
)
"""What every record of a topic would meet; a timestamp is that of the machine's clock."""


class TopicsRefused(Exception):
    """Kafka answers, and does not take all records of these topics; it has every record of the others.

    :param causes: what was answered, by topic.
    """

    def __init__(self, causes: Mapping[str, BaseException]) -> None:
        super().__init__(", ".join(causes))
        self.causes = causes


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
    """A connection to Kafka. :meth:`connect` comes before the first record. :param clock: learns Kafka's time."""

    def __init__(self, bootstrap: Kafka, clock: Clock) -> None:
        self._bootstrap = bootstrap
        self._clock = clock
        self._kafka: AIOKafkaProducer | None = None
        self._batches: BatchProducer | None = None
        self._coalescer = Coalescer(INTERVAL_S)
        self._pending: list[PendingRecord] = []
        self._flush: asyncio.Task[None] | None = None
        self.cluster = ""
        """Id of the Kafka cluster that is connected; empty where it is not known."""

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
            ids = await fetch_topic_ids(kafka.client, [TOUCHPOINT_RECORDED.name])
            self.cluster = next((topic_id.cluster for topic_id in ids.values()), "")
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

    async def produce(self, records: Sequence[Record], timeout_s: float, diagnose: bool = False) -> None:
        """Returns when Kafka has every record. Order is kept within each partition.

        :param diagnose: finds out whether a topic was deleted meanwhile, for which Kafka may take longer to answer.
        :raises TopicsRefused: it has all records but some of the topics that it refuses.
        :raises KafkaError, TimeoutError: some records may be in Kafka, some not.
        """
        deliveries: list[Delivery] = []
        missing: dict[str, BaseException] = {}
        try:
            async with asyncio.timeout(timeout_s):
                await self._coalescer.wait()
                missing = await self._missing({record.topic for record in records})
                records = [record for record in records if record.topic not in missing]
                deliveries = await self._send(records)
                if deliveries:
                    await asyncio.wait({delivery.delivery for delivery in deliveries})
        except TimeoutError:
            if not deliveries:
                raise
        failed = {
            record.topic: _error_of(delivery)
            for record, delivery in zip(records, deliveries, strict=True)
            if not delivery.arrived
        }
        if arrived := next((delivery for delivery in deliveries if delivery.arrived), None):
            self._observe(arrived.delivery)
        if not failed and not missing:
            return
        # What is retried for longer than the caller waits may be of a topic that was deleted.
        unclear = [topic for topic, error in failed.items() if not _is_refusal(error)]
        if unclear and not (diagnose and len(await self._missing(unclear, refresh=True)) == len(unclear)):
            raise failed[unclear[0]]
        raise TopicsRefused(missing | failed)

    async def answers(self, timeout_s: float) -> bool:
        """Whether a broker answers within this time."""
        try:
            async with asyncio.timeout(timeout_s):
                return self._kafka is not None and bool(await self._kafka.client.force_metadata_update())
        except (KafkaError, TimeoutError):
            return False

    async def _missing(self, topics: Iterable[str], refresh: bool = False) -> dict[str, BaseException]:
        """The topics that the brokers do not know, or do not show. :raises KafkaError: no broker answers."""
        if self._kafka is None:
            raise KafkaError("not connected yet")
        client = self._kafka.client

        def unknown(of: Iterable[str]) -> list[str]:
            return [topic for topic in of if not client.cluster.partitions_for_topic(topic)]

        if not (asked := list(topics) if refresh else unknown(topics)):
            return {}
        for topic in asked:
            client.add_topic(topic)
        if not await client.force_metadata_update():
            raise KafkaError("no broker answers")
        return {
            topic: (
                TopicAuthorizationFailedError(topic)
                if topic in client.cluster.unauthorized_topics
                else UnknownTopicOrPartitionError(topic)
            )
            for topic in unknown(asked)
        }

    def _observe(self, delivery: asyncio.Future[Any]) -> None:
        if not delivery.cancelled() and delivery.exception() is None:
            metadata = delivery.result()
            if metadata.timestamp_type == LOG_APPEND_TIME:
                self._clock.observe(metadata.timestamp)

    async def _flush_pending(self) -> None:
        await self._coalescer.wait()
        flushed, self._pending, self._flush = self._pending, [], None
        try:
            deliveries = await self._send([pending.record for pending in flushed])
            for pending, delivery in zip(flushed, deliveries, strict=True):
                pending.delivery = delivery
            deliveries[0].delivery.add_done_callback(self._observe)
        except KafkaError as error:
            log.warning("scans could not be produced: %s", type(error).__name__)

    async def _send(self, records: Sequence[Record]) -> list[Delivery]:
        """The delivery of each record, in the order of the records; one delivery serves many of them."""
        assert self._batches is not None, "not connected"
        by_topic: dict[str, list[int]] = defaultdict(list)
        for number, record in enumerate(records):
            by_topic[record.topic].append(number)
        by_partition: dict[tuple[str, int], list[int]] = defaultdict(list)
        for topic, of_topic in by_topic.items():
            count = await self._batches.partitions(topic)
            partitions = partitions_of([partition_key(topic, records[number].key) for number in of_topic], count)
            for number, partition in zip(of_topic, partitions, strict=True):
                by_partition[topic, partition].append(number)
        deliveries: dict[int, Delivery] = {}
        for (topic, partition), numbers in by_partition.items():
            chosen = [records[number] for number in numbers]
            rows = [(record.key.encode(), record.value, record.headers) for record in chosen]
            batches = await self._batches.add(topic, partition, rows, [record.timestamp_ms for record in chosen])
            deliveries.update(zip(numbers, (batch for batch in batches for _ in batch.rows), strict=True))
        return [deliveries[number] for number in range(len(records))]


def is_of_topic(error: BaseException) -> bool:
    """Whether Kafka refuses every record of the topic that it answered so for; otherwise those records themselves."""
    return isinstance(error, TOPIC_ERRORS) or getattr(error, "retriable", False)


def _is_refusal(error: BaseException) -> bool:
    """Whether a broker has answered so, and another attempt would be answered alike."""
    return isinstance(error, KafkaError) and not getattr(error, "retriable", False)


def _error_of(delivery: Delivery) -> BaseException:
    """Why a delivery has not arrived."""
    if not delivery.delivery.done() or delivery.delivery.cancelled():
        return TimeoutError()
    return delivery.delivery.exception() or TimeoutError()
