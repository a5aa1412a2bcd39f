"""The changelog of one partition: state, source offsets and transactional effects in one transaction, fenced against
former owners.

The transactional id names processor and partition. Opening the changelog asks the broker for a new epoch of that id,
which aborts a transaction that a former owner left open and refuses its later writes: a paused worker that wakes up
after its partition moved changes nothing. State and offsets commit together, so they always agree, and transactional
effects always follow from the committed state: no reader sees the effects of an attempt that failed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from processors.shell.outbox import Rows
from schemas import topics
from schemas.codec.avro import Headers
from schemas.kafka.client_options import client_options, consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.lost_producer import is_lost
from schemas.kafka.producer import BatchProducer, Delivery, Row

log = logging.getLogger(__name__)

WATERMARK = b"\0watermark\0"
"""Prefix of the changelog key of a watermark, the last source offset that the state contains; a source topic's name
follows."""
REBUILT = WATERMARK + b"\0rebuilt"
"""Changelog key of the id of the last rebuild of the whole state."""
CLOCK = WATERMARK + b"\0clock"
"""Changelog key of an empty row, written where nothing else tells the brokers' time."""
WOKEN = WATERMARK + b"\0woken"
"""Changelog key of the time (microseconds) up to which timers were done: a rebuild does no more of them."""
NO_HEADERS: Headers = []
"""One list for every row."""
REPLACED_ROWS = 5_000
"""Rows of a rebuilt state that are sent before their acknowledgements are awaited."""
CLOSE_S = 1.0
"""How long a producer that is closed may take to send what it has; Kafka may be away."""


class ProducerLost(Exception):
    """Kafka takes nothing more from this producer: its transactional id expired, its transaction timed out, or another
    producer with the id was opened. Whether its last transaction counts shows in the changelog, after an opening."""


class Changelog:
    """Used by the one partition that opened it (`open_changelog`).

    :param group: consumer group whose offsets are committed with the state. :param producer: started and transactional.
    :param batches: writes through the same producer. :param longest_commit_s: after which a commit is given up.
    """

    def __init__(
        self,
        processor: str,
        partition: int,
        group: str,
        producer: AIOKafkaProducer,
        batches: BatchProducer,
        longest_commit_s: float | None = None,
    ) -> None:
        self.topic = topics.changelog(processor)
        self.partition = partition
        self._group = group
        self._producer = producer
        self._batches = batches
        self._longest_commit_s = longest_commit_s
        self.stamp_ms: int | None = None
        """The brokers' time in the last commit, in milliseconds; None where they stamp no records."""

    async def commit(self, rows: dict[bytes, bytes], offsets: dict[str, int], transactional: Rows) -> int:
        """Commits transactional effects, state rows and the next source offset of each topic, all or nothing. Waits for
        the brokers.

        :returns: the changelog position after the last row. :raises ProducerLost: the partition has to be opened again,
            or has another owner.
        """
        try:
            async with asyncio.timeout(self._longest_commit_s):
                return await self._commit(rows, offsets, transactional)
        except TimeoutError as error:
            raise ProducerLost("a transaction took too long") from error
        except KafkaError as error:
            if not is_lost(error, self._producer):
                raise
            raise ProducerLost("Kafka refuses the transactional producer") from error

    async def _commit(self, rows: dict[bytes, bytes], offsets: dict[str, int], transactional: Rows) -> int:
        to_send: list[Row] = [(key, value, NO_HEADERS) for key, value in chain(rows.items(), watermarks(offsets))]
        async with self._producer.transaction():
            deliveries: list[Delivery] = []
            for (topic, partition), effects in transactional.items():
                deliveries += await self._batches.add(topic, partition, effects)
            deliveries += await self._batches.add(self.topic, self.partition, to_send)
            for delivery in deliveries:
                await delivery
            if offsets:
                await self._producer.send_offsets_to_transaction(
                    {TopicPartition(t, self.partition): OffsetAndMetadata(o, "") for t, o in offsets.items()},
                    self._group,
                )
        last = deliveries[-1]
        self.stamp_ms = last.stamp_ms
        return last.offset + len(last.rows)

    async def replace(self, rows: Iterable[tuple[bytes, bytes]], offsets: dict[str, int], rebuild_id: bytes) -> int:
        """Replaces the whole state, of any size, with the next source offset of each topic, all or nothing. Called by
        `footpath replay state`, and by a worker whose changelog was emptied.

        :param rebuild_id: differs from those of all rebuilds before: a store without it is older than this state,
            whatever its position. :returns: the changelog position after the last row. :raises ProducerFenced: another
            owner has the partition.
        """
        position = 0
        marks = watermarks({topic: offset for topic, offset in offsets.items() if offset})
        every: Iterator[Row] = ((key, value, NO_HEADERS) for key, value in chain(rows, marks, [(REBUILT, rebuild_id)]))
        async with self._producer.transaction():
            while some := list(islice(every, REPLACED_ROWS)):
                for delivery in await self._batches.add(self.topic, self.partition, some):
                    await delivery
                    position = delivery.offset + len(delivery.rows)
            await self._producer.send_offsets_to_transaction(
                {TopicPartition(t, self.partition): OffsetAndMetadata(o, "") for t, o in offsets.items()}, self._group
            )
        return position

    async def close(self) -> None:
        """Waits for the brokers, at most ``CLOSE_S``: what a producer with an open transaction still holds would keep
        it until Kafka answers."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._producer.stop()
        except TimeoutError:
            self._producer._sender.sender_task.cancel()
            await self._producer.client.close()


def watermarks(offsets: Mapping[str, int]) -> list[tuple[bytes, bytes]]:
    """The watermark rows, from the next source offset of each topic."""
    return [(WATERMARK + topic.encode(), b"%d" % (offset - 1)) for topic, offset in offsets.items()]


async def open_changelog(
    bootstrap: Kafka, processor: str, partition: int, group: str, transaction_timeout_ms: int
) -> Changelog:
    """Becomes the only owner of the partition's changelog: fences every former one. Waits for the brokers."""
    producer = AIOKafkaProducer(
        **client_options(bootstrap),
        transactional_id=f"{group}-{partition}",
        transaction_timeout_ms=transaction_timeout_ms,
        max_batch_size=512 << 10,
        max_request_size=topics.MAX_STATE_BYTES,
        linger_ms=0,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    # After its timeout a transaction is Kafka's to end; a client that has not noticed by then never will.
    longest_commit_s = 2 * transaction_timeout_ms / 1000
    return Changelog(processor, partition, group, producer, BatchProducer(producer), longest_commit_s)


class RestoredStore(Protocol):
    """What a restore needs of a store."""

    @property
    def position(self) -> int: ...

    def get(self, key: bytes) -> bytes | None: ...

    def write(self, rows: Iterable[tuple[bytes, bytes]], position: int) -> None: ...


async def restore(bootstrap: Kafka, processor: str, partition: int, store: RestoredStore) -> int | None:
    """Brings the store to the end of the changelog; called once when a partition opens, after `open_changelog`.

    Positions are compared, not offsets of records: the last record of a transaction is a marker that consumers do not
    get, and compaction leaves gaps. A store that is ahead of an emptied changelog keeps its rows, unless the state was
    rebuilt there since.

    :returns: the number of rows that were read; None: nothing was read, the store has more than the changelog.
    """
    tp = TopicPartition(topics.changelog(processor), partition)
    consumer = AIOKafkaConsumer(
        **consumer_options(bootstrap),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    count = 0
    try:
        consumer.assign([tp])
        first, end = (await consumer.beginning_offsets([tp]))[tp], (await consumer.end_offsets([tp]))[tp]
        start = max(store.position, first)
        if store.position > end:
            log.warning("the changelog ends before the store", extra={"partition": partition, "end": end})
            if not await _rebuilt_since(consumer, tp, first, end, store):
                return None
            start = first
        async for records in _rows(consumer, tp, start, end):
            store.write(((r.key, r.value) for r in records if r.value is not None), records[-1].offset + 1)
            count += len(records)
        store.write((), max(await consumer.position(tp), start))
    finally:
        await consumer.stop()
    return count


async def _rows(consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int) -> AsyncIterator[list[Any]]:
    consumer.seek(tp, start)
    while await consumer.position(tp) < end:
        for records in (await consumer.getmany(tp, timeout_ms=200, max_records=20_000)).values():
            yield records


async def _rebuilt_since(
    consumer: AIOKafkaConsumer, tp: TopicPartition, first: int, end: int, store: RestoredStore
) -> bool:
    """Whether the changelog has the id of a rebuild that the store does not have."""
    rebuild_id = None
    async for records in _rows(consumer, tp, first, end):
        rebuild_id = next((record.value for record in reversed(records) if record.key == REBUILT), rebuild_id)
    return rebuild_id is not None and rebuild_id != store.get(REBUILT)
