"""The changelog of one partition: state, source offsets and sealed effects in one transaction, fenced against former
owners.

The transactional id names processor and partition. Opening the changelog asks the broker for a new epoch of that id,
which aborts whatever a former owner left open and refuses whatever it still tries to write: a paused worker that
wakes up after its partition moved leaves no trace. State and offsets commit together, so they never disagree, and what
is sealed follows from the state that is there: nobody reads what an attempt that failed had decided.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from processors.shell.outbox import Rows
from processors.shell.store import Store
from schemas import topics
from schemas.batches import Batches, Row, Sent
from schemas.codec import Headers

log = logging.getLogger(__name__)

WATERMARK = b"\0watermark\0"
"""Changelog key of the last source offset that the state contains, one for each source topic."""
REBUILT = WATERMARK + b"\0rebuilt"
"""Changelog key that names the last rebuild of the whole state."""
PLAIN: Headers = []
"""No headers, the same for every row."""
REPLACED_ROWS = 5_000
"""Rows of a rebuilt state that are on their way at a time."""


class Changelog:
    """:param group: consumer group whose offsets travel with the state. :param producer: started, transactional, with
    its batches."""

    def __init__(
        self, processor: str, partition: int, group: str, producer: AIOKafkaProducer, batches: Batches
    ) -> None:
        self.topic = topics.changelog(processor)
        self.partition = partition
        self._group = group
        self._producer = producer
        self._batches = batches

    async def commit(self, rows: dict[bytes, bytes], offsets: dict[str, int], sealed: Rows) -> int:
        """Commits sealed effects, state rows and the next source offset of each topic, all or nothing.

        :returns: the changelog position after the last row. :raises ProducerFenced: another owner has the partition.
        """
        to_send: list[Row] = [(key, value, PLAIN) for key, value in chain(rows.items(), watermarks(offsets))]
        async with self._producer.transaction():
            deliveries: list[Sent] = []
            for (topic, partition), effects in sealed.items():
                deliveries += await self._batches.add(topic, partition, effects)
            deliveries += await self._batches.add(self.topic, self.partition, to_send)
            for delivery in deliveries:
                await delivery
            await self._producer.send_offsets_to_transaction(
                {TopicPartition(t, self.partition): OffsetAndMetadata(o, "") for t, o in offsets.items()}, self._group
            )
        last = deliveries[-1]
        return last.offset + len(last.rows)

    async def replace(self, rows: Iterable[tuple[bytes, bytes]], offsets: dict[str, int], mark: bytes) -> None:
        """Writes a whole state anew with the next source offset of each topic, all or nothing, however much it is.

        :param mark: tells this state from all before it: a store that does not have it is older, wherever it is.
        :raises ProducerFenced: another owner has the partition.
        """
        marks = watermarks({topic: offset for topic, offset in offsets.items() if offset})
        every: Iterator[Row] = ((key, value, PLAIN) for key, value in chain(rows, marks, [(REBUILT, mark)]))
        async with self._producer.transaction():
            while some := list(islice(every, REPLACED_ROWS)):
                for delivery in await self._batches.add(self.topic, self.partition, some):
                    await delivery
            await self._producer.send_offsets_to_transaction(
                {TopicPartition(t, self.partition): OffsetAndMetadata(o, "") for t, o in offsets.items()}, self._group
            )

    async def close(self) -> None:
        await self._producer.stop()


def watermarks(offsets: Mapping[str, int]) -> list[tuple[bytes, bytes]]:
    """The rows that say how far each topic is contained, by its next source offset."""
    return [(WATERMARK + topic.encode(), b"%d" % (offset - 1)) for topic, offset in offsets.items()]


async def open_changelog(
    bootstrap: str, processor: str, partition: int, group: str, transaction_timeout_ms: int
) -> Changelog:
    """Becomes the one owner of the partition's changelog."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
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
    return Changelog(processor, partition, group, producer, Batches(producer))


async def restore(bootstrap: str, processor: str, partition: int, store: Store) -> int:
    """Brings the store to the end of the changelog and gives the number of rows that were read.

    Positions are compared, not offsets of records: the last record of a transaction is a marker that no consumer is
    shown, and compaction leaves gaps. A store that is ahead of an emptied changelog keeps what it has, unless the
    state was rebuilt there since.
    """
    tp = TopicPartition(topics.changelog(processor), partition)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
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
                return 0
            start = first
        async for records in _rows(consumer, tp, start, end):
            store.write(((r.key, r.value) for r in records if r.value is not None), records[-1].offset + 1)
            count += len(records)
        store.write((), max(await consumer.position(tp), store.position))
    finally:
        await consumer.stop()
    return count


async def _rows(consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int) -> AsyncIterator[list[Any]]:
    consumer.seek(tp, start)
    while await consumer.position(tp) < end:
        for records in (await consumer.getmany(tp, timeout_ms=200, max_records=20_000)).values():
            yield records


async def _rebuilt_since(consumer: AIOKafkaConsumer, tp: TopicPartition, first: int, end: int, store: Store) -> bool:
    """Whether the changelog names a rebuild of the state that the store has not heard of."""
    named = None
    async for records in _rows(consumer, tp, first, end):
        named = next((record.value for record in reversed(records) if record.key == REBUILT), named)
    return named is not None and named != store.get(REBUILT)
