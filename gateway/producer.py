"""Records into Kafka with acks=all, in requests that they share."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gateway.records import Record
from gateway.turns import Turns
from schemas.batches import Batches, Sent
from schemas.ids import partition_of

log = logging.getLogger(__name__)

BATCH_BYTES = 512 * 1024
SPACING_S = 0.01
"""Least time between two requests: the first scan leaves at once, in a crowd several share the next."""
GIVE_UP_AFTER_MS = 5000
"""How long the Kafka client goes on trying a record that nobody waits for any more."""


class Sending:
    """One record on its way: first it waits for its turn, then for Kafka."""

    __slots__ = ("_leaving", "record", "sent")

    def __init__(self, record: Record, leaving: asyncio.Task[None]) -> None:
        self.record = record
        self.sent: Sent | None = None
        self._leaving = leaving

    @property
    def arrived(self) -> bool:
        """Whether Kafka has it."""
        return self.sent is not None and self.sent.arrived

    async def ended(self) -> None:
        """Returns when it has arrived, or will not."""
        await asyncio.wait({self._leaving})
        if self.sent is not None:
            await asyncio.wait({self.sent.delivery})


class Producer:
    """A connection to Kafka. Nothing is handed over before :meth:`connect`."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._kafka: AIOKafkaProducer | None = None
        self._batches: Batches | None = None
        self._turns = Turns(SPACING_S)
        self._held: list[Sending] = []
        self._leaving: asyncio.Task[None] | None = None

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
            self._kafka, self._batches = kafka, Batches(kafka)
        elif not await self._kafka.client.force_metadata_update():
            raise KafkaError("no broker answers")

    async def close(self) -> None:
        if self._kafka is not None:
            await self._kafka.stop()

    def begin(self, record: Record) -> Sending:
        """Hands one record over. When it cannot be taken it just never arrives."""
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave())
        sending = Sending(record, self._leaving)
        self._held.append(sending)
        return sending

    async def produce(self, records: Sequence[Record], timeout_s: float) -> None:
        """Returns when Kafka has every record. Order is kept within each partition.

        :raises KafkaError, TimeoutError: some may be in Kafka, some not.
        """
        async with asyncio.timeout(timeout_s):
            await self._turns.take()
            for sent in await self._send(records):
                await sent

    async def _leave(self) -> None:
        await self._turns.take()
        held, self._held, self._leaving = self._held, [], None
        try:
            for sending, sent in zip(held, await self._send([sending.record for sending in held]), strict=True):
                sending.sent = sent
        except KafkaError as error:
            log.warning("scans were not taken by Kafka: %s", type(error).__name__)

    async def _send(self, records: Sequence[Record]) -> list[Sent]:
        """What each of the records went with."""
        assert self._batches is not None, "not connected"
        places: dict[tuple[str, int], list[int]] = defaultdict(list)
        for number, record in enumerate(records):
            partition = partition_of(record.key, await self._batches.partitions(record.topic))
            places[record.topic, partition].append(number)
        went: dict[int, Sent] = {}
        for (topic, partition), numbers in places.items():
            of_place = [records[number] for number in numbers]
            rows = [(record.key.encode(), record.value, record.headers) for record in of_place]
            batches = await self._batches.add(topic, partition, rows, [record.timestamp_ms for record in of_place])
            went.update(zip(numbers, (sent for sent in batches for _ in sent.rows), strict=True))
        return [went[number] for number in range(len(records))]
