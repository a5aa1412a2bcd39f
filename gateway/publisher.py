"""Where an acknowledged event is safe: in Kafka, or in the spool until Kafka can take it.

While Kafka answers, events go to it directly. Once it does not, everything goes to the spool, also after
Kafka is back, until the spool is drained in order; only for its last stretch new events are held for a
moment. So what one sender sends one after the other arrives in that order. An event that Kafka did not
acknowledge in time may be there twice: downstream counts each id once.
"""

import asyncio
import logging
from collections.abc import Sequence

import msgspec
from aiokafka.errors import KafkaError

from gateway.metrics import Metrics
from gateway.producer import Producer, Sending
from gateway.records import Record, build_record
from gateway.spool import Spool
from schemas.codec import Codec
from schemas.events import Event, ScanMissed, TouchpointRecorded

log = logging.getLogger(__name__)

CHUNK = 500
LAST_STRETCH_BYTES = 256 * 1024
RETRY_AFTER_S = 0.25
PAUSE_EVERY = 64
"""So many events are encoded before other requests get a turn."""


class Publisher:
    """:param timeout_s: how long Kafka may take to acknowledge before the events go to the spool."""

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
        self._late: set[asyncio.Task[None]] = set()
        metrics.spool_bytes.set_function(lambda: spool.pending_bytes)
        metrics.direct.set_function(lambda: float(self._direct))

    @property
    def direct(self) -> bool:
        """Whether events go straight to Kafka."""
        return self._direct

    async def publish(self, events: Sequence[Event]) -> None:
        """Returns when Kafka or the spool has every event. :raises SpoolFull: neither could take all of them."""
        if not events:
            return
        records = []
        for count, event in enumerate(events, 1):
            records.append(build_record(self._codec, event))
            if count % PAUSE_EVERY == 0:
                await asyncio.sleep(0)
        if await self._may_go_directly():
            try:
                await self._producer.produce(records, self._timeout_s)
                return
            except (KafkaError, TimeoutError) as error:
                self._divert(type(error).__name__)
        await self._keep(records)

    async def begin(self, event: Event) -> Sending | None:
        """Hands one event to Kafka. None: it must go to :meth:`keep`.

        Takes as long as it takes: whoever asks sets the bound, and what did not arrive in time must be kept, too.
        """
        await self._open.wait()
        return self._producer.begin(build_record(self._codec, event)) if self._direct else None

    async def keep(self, scan: TouchpointRecorded, missed: ScanMissed) -> None:
        """Takes a scan that Kafka has not acknowledged, with the miss, to the spool.

        :raises SpoolFull: not kept.
        """
        self._divert("unacknowledged scan")
        unanswered = msgspec.structs.replace(scan, reply_partition=None)
        await self._keep([build_record(self._codec, event) for event in (unanswered, missed)])

    def publish_later(self, event: Event) -> None:
        """For what nobody waits for; it is brought to its end before the gateway stops."""
        task = asyncio.create_task(self.publish([event]))
        self._late.add(task)
        task.add_done_callback(self._finished)

    async def run(self) -> None:
        """Brings the spool to Kafka whenever there is something in it; until cancelled."""
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
        """After the last request and the end of :meth:`run`."""
        if self._late:
            await asyncio.wait(self._late)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._producer.close()
        except (KafkaError, TimeoutError) as error:
            log.warning("Kafka did not let go in time: %s", type(error).__name__)
        await self._spool.close()

    async def _may_go_directly(self) -> bool:
        if not self._open.is_set():
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._open.wait()
            except TimeoutError:
                return False
        return self._direct

    async def _keep(self, records: Sequence[Record]) -> None:
        await self._spool.append(records)
        self._metrics.spooled.inc(len(records))

    def _divert(self, why: str) -> None:
        if self._direct:
            log.warning("events go to the spool: %s", why)
        self._direct = False
        self._diverted.set()

    async def _drain(self) -> None:
        while self._spool.pending_bytes:
            if self._spool.pending_bytes < LAST_STRETCH_BYTES:
                self._open.clear()
            oldest = await self._spool.oldest()
            if oldest is None:  # what is pending is still on its way to the disk
                await asyncio.sleep(0.001)
                continue
            segment, records = oldest
            for start in range(0, len(records), CHUNK):
                await self._producer.produce(records[start : start + CHUNK], self._timeout_s)
            await self._spool.drop(segment)
            self._metrics.drained.inc(len(records))
        self._diverted.clear()
        self._direct = True
        log.info("events go to Kafka")

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._late.discard(task)
        if not task.cancelled() and task.exception():
            log.warning("an event that nobody waited for was lost: %s", type(task.exception()).__name__)
