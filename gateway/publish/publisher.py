"""Makes events durable: in Kafka, or in the spool until Kafka takes them.

While Kafka answers, events are produced directly. Once it does not, every event goes to the spool, also after Kafka is
back, until the spool is drained in order; only for its last :data:`HOLD_BELOW_BYTES` are new events held back for a
moment. Events that one sender sends one after the other therefore arrive in that order. An event that Kafka did not
acknowledge in time may be written twice: consumers count each event id once.
"""

import asyncio
import logging
from collections.abc import Sequence

import msgspec
from aiokafka.errors import KafkaError

from gateway.metrics import Metrics
from gateway.publish.producer import PendingRecord, Producer
from gateway.publish.records import Record, build_record, not_ahead
from gateway.publish.spool import Spool
from schemas.codec.avro import Codec
from schemas.events import Event, ScanMissed, TouchpointRecorded

log = logging.getLogger(__name__)

DRAIN_CHUNK = 500
"""Records of a segment that are produced in one request."""
HOLD_BELOW_BYTES = 256 * 1024
"""New events are held back while less than this is left in the spool, so that draining it comes to an end."""
RETRY_AFTER_S = 0.25
YIELD_EVERY = 64
"""After encoding so many events the event loop serves other requests."""


class Publisher:
    """:param timeout_s: how long Kafka may take to acknowledge before events go to the spool."""

    def __init__(self, producer: Producer, spool: Spool, codec: Codec, timeout_s: float, metrics: Metrics) -> None:
        self._producer = producer
        self._spool = spool
        self._codec = codec
        self._timeout_s = timeout_s
        self._metrics = metrics
        self._direct = False
        self._diverted = asyncio.Event()
        self._diverted.set()
        self._open = asyncio.Event()
        self._open.set()
        self._background: set[asyncio.Task[None]] = set()
        metrics.spool_bytes.set_function(lambda: spool.pending_bytes)
        metrics.direct.set_function(lambda: float(self._direct))

    @property
    def direct(self) -> bool:
        """Whether events are produced to Kafka directly, without the spool."""
        return self._direct

    async def publish(self, events: Sequence[Event]) -> None:
        """Returns when Kafka or the spool has every event.

        Waits for Kafka at most twice ``timeout_s``, then for the disk. :raises SpoolFull: neither could take all.
        """
        if not events:
            return
        records = []
        for count, event in enumerate(events, 1):
            records.append(build_record(self._codec, event))
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        if await self._may_produce():
            try:
                await self._producer.produce(records, self._timeout_s)
                return
            except (KafkaError, TimeoutError) as error:
                self._divert(type(error).__name__)
        await self._append(records)

    async def begin(self, event: Event) -> PendingRecord | None:
        """Starts to produce one event. None: Kafka is unavailable, and :meth:`spool_scan` must take it.

        Waits without a limit while new events are held back: the caller sets the limit, and must spool what was not
        acknowledged within it.
        """
        await self._open.wait()
        return self._producer.begin(build_record(self._codec, event)) if self._direct else None

    async def spool_scan(self, scan: TouchpointRecorded, missed: ScanMissed | None) -> None:
        """Writes a scan that Kafka has not acknowledged to the spool, with the record that it was missed if it was.

        The scan loses its reply partition: its request is answered before the stream can see it.

        :raises SpoolFull: neither of them is stored.
        """
        self._divert("unacknowledged scan")
        unanswered = msgspec.structs.replace(scan, reply_partition=None)
        events = (unanswered,) if missed is None else (unanswered, missed)
        await self._append([build_record(self._codec, event) for event in events])

    def publish_in_background(self, event: Event) -> None:
        """Returns at once; :meth:`close` waits until the event is published. A failure is only logged."""
        task = asyncio.create_task(self.publish([event]))
        self._background.add(task)
        task.add_done_callback(self._finish_background)

    async def run(self) -> None:
        """Drains the spool to Kafka whenever it holds records; until cancelled."""
        while True:
            await self._diverted.wait()
            try:
                await self._producer.connect()
                await self._drain()
            except (KafkaError, TimeoutError, OSError):
                await asyncio.sleep(RETRY_AFTER_S)
            finally:
                self._open.set()

    async def close(self) -> None:
        """Called after the last request and the end of :meth:`run`."""
        if self._background:
            await asyncio.wait(self._background)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._producer.close()
        except (KafkaError, TimeoutError) as error:
            log.warning("the producer did not close in time: %s", type(error).__name__)
        await self._spool.close()

    async def _may_produce(self) -> bool:
        if not self._open.is_set():
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._open.wait()
            except TimeoutError:
                return False
        return self._direct

    async def _append(self, records: Sequence[Record]) -> None:
        await self._spool.append(records)
        self._metrics.spooled.inc(len(records))

    def _divert(self, reason: str) -> None:
        if self._direct:
            log.warning("events go to the spool: %s", reason)
        self._direct = False
        self._diverted.set()

    async def _drain(self) -> None:
        while self._spool.pending_bytes:
            if self._spool.pending_bytes < HOLD_BELOW_BYTES:
                self._open.clear()
            oldest = await self._spool.oldest()
            if oldest is None:  # the pending bytes are still being written
                await asyncio.sleep(0.001)
                continue
            segment, records = oldest
            for start in range(0, len(records), DRAIN_CHUNK):
                await self._producer.produce(not_ahead(records[start : start + DRAIN_CHUNK]), self._timeout_s)
            await self._spool.drop(segment)
            self._metrics.drained.inc(len(records))
        self._diverted.clear()
        self._direct = True
        log.info("events go to Kafka")

    def _finish_background(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception():
            log.warning("an event published in the background was lost: %s", type(task.exception()).__name__)
