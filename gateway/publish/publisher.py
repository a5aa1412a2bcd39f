"""Makes events durable: in Kafka, or in the spool until Kafka takes them.

While Kafka answers, events are produced directly. Once it does not, every event goes to the spool, also after Kafka is
back, until the spool is drained in order; only for its last :data:`HOLD_BELOW_BYTES` are new events held back for a
moment. Events that one sender sends one after the other therefore arrive in that order. An event that Kafka did not
acknowledge in time may be written twice: consumers count each event id once.

What Kafka refuses of one topic is kept apart (gateway/publish/apart.py), and so delays nothing else.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence

import msgspec
from aiokafka.errors import KafkaError

from gateway.metrics import Metrics
from gateway.publish.apart import ApartTopics
from gateway.publish.clock import Clock
from gateway.publish.producer import PendingRecord, Producer, TopicsRefused
from gateway.publish.records import Record, build_record, not_ahead
from gateway.publish.spool import Spool, SpoolFull
from schemas.codec.avro import Codec
from schemas.events import Event, ScanMissed, TouchpointRecorded
from schemas.rejects import reject_of_refused
from schemas.topics import TOUCHPOINT_RECORDED

log = logging.getLogger(__name__)

DRAIN_CHUNK = 500
"""Records of a segment that are produced in one request."""
HOLD_BELOW_BYTES = 256 * 1024
"""New events are held back while less than this is left in the spool, so that draining it comes to an end."""
RETRY_AFTER_S = 0.25
KEEP_APART_AFTER = 3
"""Attempts in vain to drain a topic, while Kafka answers, after which it does not hold up the others any more."""
YIELD_EVERY = 64
"""After encoding so many events the event loop serves other requests."""


class NotInKafka(Exception):
    """Kafka has not acknowledged the events."""


class Publisher:
    """:param timeout_s: how long Kafka may take to acknowledge before events go to the spool."""

    def __init__(
        self,
        producer: Producer,
        spool: Spool,
        apart: ApartTopics,
        clock: Clock,
        codec: Codec,
        timeout_s: float,
        metrics: Metrics,
    ) -> None:
        self._producer = producer
        self._spool = spool
        self._apart = apart
        self._clock = clock
        self._failures: dict[str, int] = defaultdict(int)
        """How often in a row a topic could not be drained while Kafka answered."""
        self._codec = codec
        self._timeout_s = timeout_s
        self._metrics = metrics
        self._direct = False
        self._diverted = asyncio.Event()
        self._diverted.set()
        self._open = asyncio.Event()
        self._open.set()
        self._background: set[asyncio.Task[None]] = set()
        metrics.spool_bytes.set_function(lambda: spool.pending_bytes + apart.pending_bytes)
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
            records.append(self._record(event))
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        own, apart = self._divided(records)
        if own and await self._may_produce():
            try:
                await self._producer.produce(own, self._timeout_s)
                own = []
            except TopicsRefused as refused:
                await self._keep_apart(own, refused)
                own = []
            except (KafkaError, TimeoutError) as error:
                self._divert(type(error).__name__)
        await self._append([*own, *apart])

    async def publish_to_kafka(self, events: Sequence[Event]) -> None:
        """Returns when Kafka has every event; nothing goes to the spool. For what must not wait on a disk.

        Waits for Kafka at most twice ``timeout_s``. :raises NotInKafka: Kafka may have some of them, or none.
        """
        records = [self._record(event) for event in events]
        if any(record.topic in self._apart for record in records) or not await self._may_produce():
            raise NotInKafka
        try:
            await self._producer.produce(records, self._timeout_s)
        except (TopicsRefused, KafkaError, TimeoutError) as error:
            log.warning("a request about data could not be produced: %s", type(error).__name__)
            raise NotInKafka from None

    async def begin(self, event: Event) -> PendingRecord | None:
        """Starts to produce one event. None: Kafka does not take it now, and :meth:`spool_scan` must.

        Waits without a limit while new events are held back: the caller sets the limit, and must spool what was not
        acknowledged within it.
        """
        await self._open.wait()
        record = self._record(event)
        return self._producer.begin(record) if self._direct and record.topic not in self._apart else None

    async def spool_scan(self, scan: TouchpointRecorded, missed: ScanMissed | None) -> None:
        """Writes a scan that Kafka has not acknowledged to the spool, with the record that it was missed if it was.

        The scan loses its reply partition: its request is answered before the stream can see it.

        :raises SpoolFull: neither of them is stored.
        """
        if TOUCHPOINT_RECORDED.name not in self._apart:
            self._divert("unacknowledged scan")
        unanswered = msgspec.structs.replace(scan, reply_partition=None)
        events = (unanswered,) if missed is None else (unanswered, missed)
        await self._append([self._record(event) for event in events])

    def publish_in_background(self, event: Event) -> None:
        """Returns at once; :meth:`close` waits until the event is published. A failure is only logged."""
        task = asyncio.create_task(self.publish([event]))
        self._background.add(task)
        task.add_done_callback(self._finish_background)

    async def run(self) -> None:
        """Drains the spool to Kafka whenever it holds records, and what is kept apart; until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._apart.run(self._reject))
            tasks.create_task(self._drain_all())

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
        await self._apart.close()

    def _record(self, event: Event) -> Record:
        return build_record(self._codec, event, self._clock.now_us() // 1000)

    async def _may_produce(self) -> bool:
        if not self._open.is_set():
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._open.wait()
            except TimeoutError:
                return False
        return self._direct

    async def _append(self, records: Sequence[Record]) -> None:
        """To the spool, or to those of topics that are kept apart."""
        own, apart = self._divided(records)
        for topic, of_topic in _by_topic(apart).items():
            await self._apart.append(topic, of_topic)
        if own:
            await self._spool.append(own)
        self._metrics.spooled.inc(len(records))

    def _divided(self, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
        """The records of topics that are not kept apart, and those of the others."""
        own: list[Record] = []
        apart: list[Record] = []
        for topic, of_topic in _by_topic(records).items():
            (apart if topic in self._apart else own).extend(of_topic)
        return own, apart

    async def _keep_apart(self, records: Sequence[Record], refused: TopicsRefused) -> None:
        """Those of the refused topics; Kafka has the others."""
        for topic, of_topic in _by_topic([record for record in records if record.topic in refused.causes]).items():
            await self._apart.append(topic, of_topic, refused.causes[topic])
            self._metrics.spooled.inc(len(of_topic))

    async def _reject(self, record: Record, error: BaseException) -> None:
        """Publishes the reject of a record that Kafka refuses while it takes others of the topic."""
        await self.publish([reject_of_refused(record.topic, record.value, record.headers, record.timestamp_ms, error)])

    def _divert(self, reason: str) -> None:
        if self._direct:
            log.warning("events go to the spool: %s", reason)
        self._direct = False
        self._diverted.set()

    async def _drain_all(self) -> None:
        while True:
            await self._diverted.wait()
            try:
                await self._producer.connect()
                if before := await self._spool.belongs_to(self._producer.cluster):
                    log.error(
                        "events that were accepted for the Kafka cluster %s go to %s: nothing of the spool is lost",
                        before,
                        self._producer.cluster,
                    )
                await self._drain()
            except (KafkaError, TimeoutError, OSError, SpoolFull):
                await asyncio.sleep(RETRY_AFTER_S)
            finally:
                self._open.set()

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
                await self._drain_chunk(records[start : start + DRAIN_CHUNK])
            await self._spool.drop(segment)
            self._metrics.drained.inc(len(records))
        self._diverted.clear()
        self._direct = True
        log.info("events go to Kafka")

    async def _drain_chunk(self, records: Sequence[Record]) -> None:
        """:raises KafkaError, TimeoutError: Kafka does not answer. :raises SpoolFull: a topic cannot be kept apart."""
        for topic, of_topic in _by_topic(records).items():
            if topic in self._apart:
                await self._apart.append(topic, of_topic)
                continue
            try:
                now_ms = self._clock.now_us() // 1000
                await self._producer.produce(not_ahead(of_topic, now_ms), self._timeout_s, diagnose=True)
                self._failures.pop(topic, None)
            except TopicsRefused as refused:
                await self._apart.append(topic, of_topic, refused.causes[topic])
            except (KafkaError, TimeoutError) as error:
                if not await self._producer.answers(self._timeout_s):
                    self._failures.clear()
                    raise
                self._failures[topic] += 1
                if self._failures[topic] < KEEP_APART_AFTER:
                    raise
                await self._apart.append(topic, of_topic, error)

    def _finish_background(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception():
            log.warning("an event published in the background was lost: %s", type(task.exception()).__name__)


def _by_topic(records: Sequence[Record]) -> dict[str, list[Record]]:
    """The records of each topic, in their order."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.topic].append(record)
    return found
