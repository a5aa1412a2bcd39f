"""One partition of one processor, as an actor: open, process batches, commit, close.

The order of durability, here and nowhere else:
1. effects that are not transactional are published and acknowledged;
2. transactional effects, state rows and source offsets are committed in one transaction;
3. the rows are written to the local store.
A crash between any two replays the batch into the same effects, ids and rows, because cores are pure. Effects that
depend on the order between topics, which a replay may change, are transactional: nobody has read the first attempt's.
All other effects follow from topics without transactions alone, and a replay processes those first.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Any

from processors import metrics
from processors.shell.fetch.gaps import FetchedBatch, GapDetector
from processors.shell.fetch.recovery_order import MAX_UNCOMMITTED, RecoveryOrder, first_topics
from processors.shell.local_delivery import LocalDelivery, consecutive
from processors.shell.outbox import Outbox
from processors.shell.ownership import Reopening, become_owner
from processors.shell.reject_limit import RejectLimit
from processors.shell.rejecting import Record
from processors.shell.restoring import restore_partition
from processors.shell.settings import WorkerSettings
from processors.shell.state.changelog import (
    CLOCK,
    WOKEN,
    Changelog,
    watermarks,
)
from processors.shell.state.state_cache import Prefetch
from processors.shell.state.store import Store
from processors.shell.task import StreamTask
from processors.shell.timers.clock import BrokerClock
from processors.shell.timers.firing import LATER
from processors.shell.timers.taken import Taken
from processors.shell.timers.watch import Sources, watch_timers
from processors.shell.waiting import wait, wait_any
from processors.step import Processor
from schemas.codec.avro import Codec
from schemas.kafka.producer import BatchProducer, Delivery
from schemas.process.reject_window import RejectWindow

log = logging.getLogger(__name__)
QUEUED_BATCHES = 4
COMMIT_ROWS = 20_000
"""Changed rows at which a commit begins before its time: a commit delays what comes after it, and a crash replays it
all."""
LOCAL_DELIVERY = ("", FetchedBatch((), 0), None)
"""Queue entry that stands for the records that were delivered locally; likewise the next two."""
DUE = ("", FetchedBatch((), 0), None)
"""Timers that may be done now."""
RELEASED = ("", FetchedBatch((), 0), None)
"""Batches that need not wait for other topics any more."""
WAKE_KEYS = 200
"""Timers that are done in one go: records that come meanwhile wait for them."""
PURGE_WITHIN_S = 30.0
"""When what was overwritten leaves the disk after an erasure: one rewriting for all erasures of so long."""
PURGE_EVERY_S = 86_400.0
"""Likewise without one: parts that went to another key before they were erased may have left copies behind."""
QUEUE_PAUSE_S = 0.005
"""Between two looks at a full queue."""
CLOSE_S = 1.5
"""How long a partition that is closed may take to finish what it published; the next owner replays the rest."""


class Partition:
    """Opened by the worker when the group assigns the partition, closed when it is revoked.

    :param group: consumer group whose offsets are committed. :param producer: for effects that are not transactional.
    :param store: of this partition. :param replace_store: renames the store, so that its name has the given cluster in
        it, and gives an empty one.
    :param reference: gives the reference data of the moment. :param rewind: fetches a topic of a partition from an
        offset again and gives the number of the rewind. :param rejects: of the processor in this process.
    :param sources: the consumer that feeds it. :param clock: the brokers', of this process.
    :param on_idle: called when the queue is empty after a batch; must not block. :param reopening: set when the same
        worker had the partition open and its producer was lost.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        processor: Processor[Any],
        number: int,
        group: str,
        store: Store,
        replace_store: Callable[[str], Store],
        codec: Codec,
        producer: BatchProducer,
        reference: Callable[[], Any],
        rewind: Callable[[str, int, int], Awaitable[int]],
        local_delivery: LocalDelivery,
        rejects: RejectWindow,
        sources: Sources,
        clock: BrokerClock,
        on_idle: Callable[[], None] = lambda: None,
        reopening: Reopening | None = None,
    ) -> None:
        self._settings = settings
        self._processor = processor
        self.number = number
        self._group = group
        self._store = store
        self._replace_store = replace_store
        self._outbox = Outbox(processor.name, producer, local_delivery)
        self._codec = codec
        self._reference = reference
        self._rewind = rewind
        self._rejects = rejects
        self._on_idle = on_idle
        self._sources = sources
        self._clock = clock
        self._taken = Taken(topic.name for topic in processor.sources)
        self._due_until: int | None = None
        """The time up to which timers are done next; likewise the one of the last ones, once it is in a commit."""
        self._woken_until: int | None = None
        self.timers_changed = asyncio.Event()
        self._woken = asyncio.Event()
        self._needs_stamp = False
        self._broken = False
        """Whether a batch failed in its middle: nothing may be committed any more."""
        self._queue: asyncio.Queue[tuple[str, FetchedBatch, Prefetch | None] | None] = asyncio.Queue(QUEUED_BATCHES)
        self._local_records: dict[str, list[Record]] = {}
        self._next: dict[str, int] = {}
        """The next offset to process, by topic; likewise the two below."""
        self._committed: dict[str, int] = {}
        self._uncommitted: dict[str, int] = {}
        self._uncommitted_since_s: float | None = None
        self._committing_since_s: float | None = None
        self._deliveries: list[Delivery] = []
        self._recovery = RecoveryOrder({}, {})
        self._origins: dict[str, tuple[bytes, bytes]] = {}
        """Rows with the id of a topic that the changelog does not have yet, by topic."""
        self._gaps = GapDetector()
        # Held while a batch is processed: its state, effects and offsets go into one commit, or none of them does.
        self._whole_batch = asyncio.Lock()
        self._commit_now = asyncio.Event()
        self._commit_done = asyncio.Event()
        self.closing = asyncio.Event()
        self._processed_all = asyncio.Event()
        self._reopening = reopening
        self.fetched_from: dict[str, int] = dict(reopening.fetched_from) if reopening is not None else {}
        """Where the fetches of each topic began after the last rebalance, for topics that brought a batch since."""
        self.opened = asyncio.Event()

    async def deliver(self, topic: str, batch: FetchedBatch) -> None:
        """Called by the agent for each fetched batch; waits while the queue is full, which stops the fetch."""
        if not self.closing.is_set():
            self.fetched_from.setdefault(topic, batch.start)
            prefetched = self._task.prefetch(batch.records) if self.opened.is_set() else None
            await self._queue.put((topic, batch, prefetched))

    def deliver_local(self, topic: str, records: Sequence[Record]) -> None:
        """Called for records that this process has published. Does not block: when the queue is full the records are
        dropped, and the fetch brings them."""
        if not self._local_records and not self.closing.is_set() and not self._queue.full():
            self._queue.put_nowait(LOCAL_DELIVERY)
            self._local_records = {topic: [*records]}
        elif self._local_records:
            self._local_records.setdefault(topic, []).extend(records)

    async def run(self) -> None:
        """Runs until `close`. After a `ProducerLost` (see `lost_producer`) the worker opens the partition again; any
        other exception is a bug or a broker that did not come back: the worker has to stop."""
        settings, name = self._settings, self._processor.name
        changelog = await become_owner(settings, name, self.number, self._group, self._reopening)
        try:
            # Former owners are fenced by now: nothing they published lies behind these ends.
            self._store, self._next, self._origins, positions = await restore_partition(
                settings.kafka, self._processor, changelog, self._group, self._store, self._replace_store
            )
            self._task = StreamTask(
                self._processor,
                self._codec,
                self._store,
                self.number,
                RejectLimit(self._settings.reject_limit, self._rejects),
                self._outbox.put,
                self._settings.partitions,
            )
            limits = {topic: positions.ranges[topic] for topic in first_topics(self._processor)}
            self._committed = dict(self._next)
            self._recovery = RecoveryOrder(limits, self._committed)
            await self._fetch_again()
            self._store.purge(PURGE_EVERY_S)
            log.info("partition open", extra={"processor": self._processor.name, "partition": self.number})
            self.opened.set()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._process_all())
                tasks.create_task(self._commit_all(changelog))
                if self._processor.wakes is not None:
                    tasks.create_task(watch_timers(self, self._task, self._taken, self._sources, self._clock))
        finally:
            await changelog.close()

    async def _fetch_again(self) -> None:
        """After a reopening: what the lost producer did not commit is fetched again, also where no further record
        would show that it is missing."""
        for topic, start in self.fetched_from.items() if self._reopening is not None else ():
            offset = self._next.get(topic, start)
            self._gaps.rewound(topic, await self._rewind(topic, self.number, offset))

    @property
    def is_idle(self) -> bool:
        """Whether no batch waits in the queue."""
        return self._queue.empty()

    @property
    def waits_since_s(self) -> float | None:
        """When the oldest work was done that is not committed, on the monotonic clock; None: there is none."""
        return self._committing_since_s or self._uncommitted_since_s

    def next_offset(self, topic: str) -> int:
        """The offset after the last processed record of a topic."""
        return self._next.get(topic, self.fetched_from.get(topic, 0))

    def commit_soon(self) -> None:
        """Does not block; commits are as far apart as transactional effects let them be."""
        self._commit_now.set()

    def close(self) -> None:
        """Stops processing; batches in the queue are dropped and fetched again by the next owner. Does not block:
        `run` ends when what was processed is committed, or after ``CLOSE_S``."""
        self.closing.set()
        self._commit_now.set()
        self._commit_done.set()
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def _process_all(self) -> None:
        while (queued := await self._queue.get()) is not None:
            if queued is LOCAL_DELIVERY:
                local, self._local_records = self._local_records, {}
                for topic, records in local.items():
                    if next_ones := consecutive(self._next.get(topic), records):
                        metrics.LOCAL_DELIVERIES.labels(self._processor.name).inc(len(next_ones))
                        await self._process_in_order(topic, FetchedBatch(next_ones, next_ones[0].offset))
            elif queued is DUE:
                await self._wake()
            elif queued is RELEASED:
                for topic, batch in self._taken.release():
                    await self._process_in_order(topic, batch)
            else:
                await self._process_in_order(*queued)
            if self.is_idle:
                self._on_idle()
        self._processed_all.set()

    async def _commit_all(self, changelog: Changelog) -> None:
        interval_s = self._settings.commit_interval_ms / 1000
        transaction_interval_s = self._settings.transaction_interval_ms / 1000
        # Partitions open together; if they committed together too, Kafka would serve nobody else for a moment.
        pause_s = interval_s * random.random()
        while not self.closing.is_set():
            # Transactional effects are committed at once, but no two commits are closer than the transaction interval.
            await wait(self.closing, min(transaction_interval_s, pause_s))
            await wait(self._commit_now, max(0.0, pause_s - transaction_interval_s))
            await self._commit(changelog)
            pause_s = interval_s
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._processed_all.wait()
                await self._commit(changelog)
        except TimeoutError:
            log.warning("partition closed before its last commit", extra={"partition": self.number})

    async def _process_in_order(self, topic: str, batch: FetchedBatch, prefetched: Prefetch | None = None) -> None:
        """Processes the batch, unless other topics come first after an opening: then it is processed after those."""
        if self._recovery.defers(topic, batch):
            return
        await self._process(topic, batch, prefetched)
        for deferred in self._recovery.release(topic, self._next.get(topic, 0)):
            if not self.closing.is_set():  # else the next owner fetches it again
                await self._process(*deferred)

    async def _process(self, topic: str, batch: FetchedBatch, prefetched: Prefetch | None = None) -> None:
        if self._taken.is_held(topic):
            self._taken.hold(topic, batch)
            return
        records = await self._new_records(topic, batch)
        if not records:
            return
        await self._limit_uncommitted(topic, records)
        metrics.DELAY_SECONDS.labels(self._processor.name).observe(max(0.0, time.time() - records[0].timestamp / 1000))
        async with self._whole_batch:
            try:
                taken_until = LATER if self._recovery.is_pending else self._taken.without(topic)
                applied = self._task.process(topic, records, self._reference(), prefetched, taken_until)
                self._deliveries += await self._outbox.flush()
            except BaseException:
                self._broken = True
                raise
            if applied:
                self._next[topic] = self._uncommitted[topic] = records[applied - 1].offset + 1
                self._taken.reached(topic, records[applied - 1].timestamp * 1000)
                self._has_uncommitted()
            if applied < len(records):
                left = batch._replace(records=records[applied:], requested=self._next.get(topic, records[0].offset))
                self._taken.hold(topic, left)
            self.timers_changed.set()

    def _has_uncommitted(self) -> None:
        """Work was done that waits for a commit, which begins before its time where that cannot wait."""
        if self._uncommitted_since_s is None:
            self._uncommitted_since_s = time.monotonic()
        if self._task.transactional or len(self._task.changed) >= COMMIT_ROWS:
            self._commit_now.set()

    async def _wake(self) -> None:
        """Does some of the timers that are due; `do_due` waits for it, and asks for the next ones."""
        until = self._due_until
        assert until is not None
        async with self._whole_batch:
            try:
                self._task.wake(until, self._reference(), WAKE_KEYS)
                self._deliveries += await self._outbox.flush()
            except BaseException:
                self._broken = True
                raise
            self._woken_until = until
            self._has_uncommitted()
        self._woken.set()

    async def do_due(self, until: int) -> bool:
        """Called by the timer watch: does some of the timers that are due until then (microseconds), in its turn among
        the batches. Not, if the partition closes."""
        self._due_until = until
        self._woken.clear()
        if not await self._put(DUE):
            return False
        await wait_any((self._woken, self.closing), None)
        return not self.closing.is_set()

    async def release_held(self) -> bool:
        """Likewise: tries again what waits for other topics."""
        return await self._put(RELEASED)

    async def fetch_lost(self, topic: str) -> None:
        """Likewise: fetches again what was fetched and did not arrive."""
        metrics.GAPS.labels(self._processor.name).inc()
        self._gaps.rewound(topic, await self._rewind(topic, self.number, self._next[topic]))

    def ask_for_stamp(self) -> None:
        """Likewise: commits soon, which brings the brokers' time."""
        self._needs_stamp = True
        self.commit_soon()

    async def _put(self, entry: tuple[str, FetchedBatch, Prefetch | None]) -> bool:
        """Puts an entry into the queue; not, if the partition closes."""
        while not self.closing.is_set():
            if not self._queue.full():
                self._queue.put_nowait(entry)
                return True
            await asyncio.sleep(QUEUE_PAUSE_S)
        return False

    async def _new_records(self, topic: str, batch: FetchedBatch) -> Sequence[Record]:
        """Records that the state does not contain yet; none when earlier ones are missing, which are fetched again
        (faust#596: a record that was fetched before a seek can arrive after it). Where nothing was ever committed,
        everything since the rebalance is missing."""
        expected = self._next.get(topic, batch.start)
        records = self._gaps.new_records(topic, batch, expected)
        if records is None:
            metrics.GAPS.labels(self._processor.name).inc()
            self._gaps.rewound(topic, await self._rewind(topic, self.number, expected))
        return records or ()

    async def _limit_uncommitted(self, topic: str, records: Sequence[Record]) -> None:
        """Waits for a commit while these records are further beyond the last one than the next owner's recovery order
        takes into account."""
        done = self._committed.setdefault(topic, records[0].offset)
        while (
            self._next.get(topic, done) > done
            and records[-1].offset >= done + MAX_UNCOMMITTED
            and not self.closing.is_set()
        ):
            self._commit_done.clear()
            self._commit_now.set()
            await self._commit_done.wait()
            done = self._committed[topic]

    async def _commit(self, changelog: Changelog) -> None:
        async with self._whole_batch:
            if not self.closing.is_set():
                self._commit_now.clear()
            if self._broken:
                return
            rows, offsets, deliveries = self._task.take_changed_rows(), self._uncommitted, self._deliveries
            transactional, woken = self._task.take_transactional(), self._woken_until
            self._uncommitted, self._deliveries, self._woken_until = {}, [], None
            if self._needs_stamp:
                rows[CLOCK] = b""
            if not (rows or offsets or transactional):
                self._uncommitted_since_s = None
                return
            timers = self._task.take_changed_timers()
            purges, self._task.purges = self._task.purges, False
            self._committing_since_s, self._uncommitted_since_s = self._uncommitted_since_s, None
            rows.update(self._origins.pop(topic) for topic in offsets if topic in self._origins)
            if woken is not None:
                rows[WOKEN] = b"%d" % woken
            self._needs_stamp = False
        started = time.perf_counter()
        # 1. Plain effects: a failure here commits nothing, and the batch is replayed.
        for delivery in deliveries:
            await delivery
        # 2. The transaction: a failure here aborts it; the next owner publishes the plain effects again, same bytes.
        position = await changelog.commit(rows, offsets, self._outbox.transactional_rows(transactional))
        # 3. The store: a failure here leaves it behind the changelog, from which the next opening restores it.
        await self._store.write_async(chain(rows.items(), watermarks(offsets)), position, timers)
        if purges:
            self._store.purge(PURGE_WITHIN_S)
        self._clock.observe(changelog.stamp_ms or int(time.time() * 1000))
        self._task.after_commit()
        self._committing_since_s = None
        self._committed.update(offsets)
        self._commit_done.set()
        metrics.COMMIT_SECONDS.labels(self._processor.name).observe(time.perf_counter() - started)
