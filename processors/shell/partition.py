"""One partition of one processor, as an actor: open, take batches, commit, close.

The order of durability, here and nowhere else:
1. effects that are not sealed are published and acknowledged;
2. sealed effects, state rows and source offsets are committed in one transaction;
3. the rows go to the local store.
A crash between any two replays the batch into the same effects, ids and rows, because cores are pure. Where what
follows depends on the order between topics, which a replay may change, it is sealed: nobody has seen the first attempt.
What is not follows from unsealed topics alone, and a replay takes those first.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from processors import metrics
from processors.shell.at_hand import Asked
from processors.shell.changelog import WATERMARK, Changelog, open_changelog, restore, watermarks
from processors.shell.desk import Desk, Record
from processors.shell.handover import Handover
from processors.shell.outbox import Outbox
from processors.shell.replay import AHEAD, Replay, bounds, first_topics
from processors.shell.runs import Follower, Run
from processors.shell.settings import WorkerSettings
from processors.shell.store import Store
from processors.step import Processor
from schemas.batches import Batches, Sent
from schemas.codec import Codec

log = logging.getLogger(__name__)
QUEUED_BATCHES = 4
COMMITTED_ROWS = 20_000
"""Changed rows that a commit does not wait for more of: it holds up what comes after it, and a crash replays it all."""
HANDED = ("", Run((), 0), None)
"""Stands in the queue for what was handed over."""
CLOSE_S = 1.5
"""How long a partition that is given up may take to finish what it published; the rest is replayed by the next
owner."""


class Partition:
    """:param world: gives the reference data of the moment. :param rewind: asks for a topic of a partition from an
    offset again, and gives the number of the rewind.
    :param rests: is called when all was taken that was here.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        processor: Processor[Any],
        number: int,
        group: str,
        store: Store,
        codec: Codec,
        batches: Batches,
        world: Callable[[], Any],
        rewind: Callable[[str, int, int], Awaitable[int]],
        handover: Handover,
        rests: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._processor = processor
        self._number = number
        self._group = group
        self._store = store
        self._outbox = Outbox(processor.name, batches, codec, settings.partitions, handover)
        self._codec = codec
        self._world = world
        self._rewind = rewind
        self._rests = rests
        self._queue: asyncio.Queue[tuple[str, Run, Asked | None] | None] = asyncio.Queue(QUEUED_BATCHES)
        self._handed: dict[str, list[Record]] = {}
        self._next: dict[str, int] = {}
        self._replay = Replay({}, {})
        self._committed: dict[str, int] = {}
        self._progress = asyncio.Event()
        self._follower = Follower()
        self._changed: dict[str, int] = {}
        self._deliveries: list[Sent] = []
        # State, effects and offsets of a batch become visible to a commit together or not at all.
        self._whole = asyncio.Lock()
        # Set when a commit is not to wait for its time.
        self._urgent = asyncio.Event()
        self._closing = asyncio.Event()
        self._taken = asyncio.Event()
        self.opened = asyncio.Event()

    async def deliver(self, topic: str, run: Run) -> None:
        """Hands a run of records over; waits when the partition is behind."""
        if not self._closing.is_set():
            asked = self._desk.ask(run.records) if self.opened.is_set() else None
            await self._queue.put((topic, run, asked))

    def hand(self, topic: str, records: Sequence[Record]) -> None:
        """Offers records that this process has published. They may be passed over: the fetch brings them as well."""
        if not self._handed and not self._closing.is_set() and not self._queue.full():
            self._queue.put_nowait(HANDED)
            self._handed = {topic: [*records]}
        elif self._handed:
            self._handed.setdefault(topic, []).extend(records)

    async def run(self) -> None:
        """Until ``close``. Any exception is a bug, a lost partition or a broker that stayed away: the worker must
        stop."""
        changelog = await open_changelog(
            self._settings.kafka, self._processor.name, self._number, self._group, self._settings.transaction_timeout_ms
        )
        try:
            # Whoever had the partition before publishes nothing any more that this end does not show.
            rows, limits = await asyncio.gather(
                restore(self._settings.kafka, self._processor.name, self._number, self._store),
                bounds(self._settings.kafka, first_topics(self._processor), self._number),
            )
            metrics.RESTORE_ROWS.labels(self._processor.name).inc(rows)
            self._desk = Desk(
                self._processor, self._codec, self._store, self._number, self._settings.reject_limit, self._outbox.put
            )
            for topic in self._processor.sources:
                if (mark := self._store.get(WATERMARK + topic.name.encode())) is not None:
                    self._next[topic.name] = int(mark) + 1
            self._committed = dict(self._next)
            self._replay = Replay(limits, self._committed)
            log.info(
                "partition open", extra={"processor": self._processor.name, "partition": self._number, "rows": rows}
            )
            self.opened.set()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take_all())
                tasks.create_task(self._commit_all(changelog))
        finally:
            await changelog.close()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be taken."""
        return self._queue.empty()

    def close(self) -> None:
        """Finishes what was taken, as far as that goes quickly, and takes no more: what waits is fetched again
        later."""
        self._closing.set()
        self._urgent.set()
        self._progress.set()
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def _take_all(self) -> None:
        while (batch := await self._queue.get()) is not None:
            if batch is HANDED:
                handed, self._handed = self._handed, {}
                for topic, records in handed.items():
                    if next_ones := following(self._next.get(topic), records):
                        metrics.HANDED.labels(self._processor.name).inc(len(next_ones))
                        await self._admit(topic, Run(next_ones, next_ones[0].offset))
            else:
                await self._admit(*batch)
            if self.is_idle:
                self._rests()
        self._taken.set()

    async def _commit_all(self, changelog: Changelog) -> None:
        interval_s, seal_s = self._settings.commit_interval_ms / 1000, self._settings.seal_ms / 1000
        # Partitions open together; committing together too, they would keep Kafka from everything else for a moment.
        pause_s = interval_s * random.random()
        while not self._closing.is_set():
            # What is sealed goes at once, unless something went just before.
            await _wait(self._closing, min(seal_s, pause_s))
            await _wait(self._urgent, max(0.0, pause_s - seal_s))
            await self._commit(changelog)
            pause_s = interval_s
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._taken.wait()
                await self._commit(changelog)
        except TimeoutError:
            log.warning("gave up a partition before its commit", extra={"partition": self._number})

    async def _admit(self, topic: str, run: Run, asked: Asked | None = None) -> None:
        """Takes it, unless others come first in a replay: then it is taken after those."""
        if self._replay.holds(topic, run):
            return
        await self._take(topic, run, asked)
        for held in self._replay.released(topic, self._next.get(topic, 0)):
            if not self._closing.is_set():  # else the next owner fetches them again
                await self._take(*held)

    async def _take(self, topic: str, run: Run, asked: Asked | None = None) -> None:
        fresh = await self._fresh(topic, run)
        if not fresh:
            return
        await self._stay_near(topic, fresh)
        metrics.DELAY_SECONDS.labels(self._processor.name).observe(max(0.0, time.time() - fresh[0].timestamp / 1000))
        async with self._whole:
            try:
                self._desk.take(topic, fresh, self._world(), asked)
                self._deliveries += await self._outbox.flush()
            except BaseException:
                self._changed.clear()  # Half a batch: there is nothing any more that a commit may write.
                raise
            self._next[topic] = self._changed[topic] = fresh[-1].offset + 1
            if self._desk.sealed or len(self._desk.dirty) >= COMMITTED_ROWS:
                self._urgent.set()

    async def _fresh(self, topic: str, run: Run) -> Sequence[Record]:
        """Records that the state does not contain yet; none when some before them are missing, which are fetched
        again (faust#596: a record that was fetched before a seek can arrive after it). Where nothing was committed,
        everything since the rebalance is missing."""
        expected = self._next.get(topic, run.since)
        fresh = self._follower.fresh(topic, run, expected)
        if fresh is None:
            metrics.GAPS.labels(self._processor.name).inc()
            self._follower.asked(topic, await self._rewind(topic, self._number, expected))
        return fresh or ()

    async def _stay_near(self, topic: str, records: Sequence[Record]) -> None:
        """Waits for commits as long as this would go further beyond the last one than the next owner reckons with."""
        done = self._committed.setdefault(topic, records[0].offset)
        while self._next.get(topic, done) > done and records[-1].offset >= done + AHEAD and not self._closing.is_set():
            self._progress.clear()
            self._urgent.set()
            await self._progress.wait()
            done = self._committed[topic]

    async def _commit(self, changelog: Changelog) -> None:
        async with self._whole:
            rows, offsets, deliveries = self._desk.take_dirty(), self._changed, self._deliveries
            sealed = self._desk.take_sealed()
            self._changed, self._deliveries = {}, []
            if not self._closing.is_set():
                self._urgent.clear()
        if not offsets:
            return
        started = time.perf_counter()
        for delivery in deliveries:
            await delivery
        position = await changelog.commit(rows, offsets, self._outbox.sealed(sealed))
        await self._store.put(chain(rows.items(), watermarks(offsets)), position)
        self._desk.committed()
        self._committed.update(offsets)
        self._progress.set()
        metrics.COMMIT_SECONDS.labels(self._processor.name).observe(time.perf_counter() - started)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """For the event, and no longer than so long. `asyncio.wait_for` would now and then take being cancelled for the
    time being over (before Python 3.12), and a partition that failed would wait for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def following(expected: int | None, records: Sequence[Record]) -> list[Record]:
    """Of what was handed over, the records that follow without a gap on what was taken.

    :param expected: the next offset; None when nothing was taken yet.
    """
    run: list[Record] = []
    for record in records:
        if expected is not None and record.offset == expected + len(run):
            run.append(record)
    return run
