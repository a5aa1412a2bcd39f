"""One processor in one process: opens and closes partitions as its consumer group assigns and revokes them.

Group membership, assignment and delivery are Faust's (app.py); everything else is the shell's.
"""

import asyncio
import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from faust.types import TP

from processors import metrics
from processors.shell.app import build_app, group_of
from processors.shell.fetch.consumer import BatchConsumer, partitions_of
from processors.shell.fetch.gaps import FetchedBatch
from processors.shell.fetch.limits import fetch_limits
from processors.shell.local_delivery import LocalDelivery
from processors.shell.ownership import Reopening, lost_producer
from processors.shell.partition import CLOSE_S, Partition
from processors.shell.settings import WorkerSettings
from processors.shell.stale_member import StaleMember
from processors.shell.state.store import MemoryStore, RocksStore, Store
from processors.shell.timers.clock import BrokerClock
from processors.shell.timers.upstream import Upstream
from processors.shell.timers.watch import Fetched
from processors.step import Processor
from schemas import topics
from schemas.codec.avro import Codec
from schemas.kafka.client_options import client_options
from schemas.kafka.producer import BatchProducer
from schemas.kafka.topic_ids import TopicId, check_same_topics, fetch_topic_ids
from schemas.process.reject_window import RejectWindow
from schemas.topics import FOREVER_MS, MAX_RECORD_BYTES, TOPICS

log = logging.getLogger(__name__)
TOPICS_RETRY_S = 0.5
TOPIC_CHECK_S = 5.0
UPSTREAM_GRACE_S = 5.0
"""How old a record is, at least, that the processors upstream should have committed, beside two commit intervals."""
REBALANCE_S = 0.5
"""How long a rebalance takes once its members know of it."""
LONGEST_STAY_S = 2.5
STAY_COMMIT_S = 0.1
LINGER_MS = 3
"""How long an effect may wait for others to share its request."""


def folder_of(settings: WorkerSettings, instance: str) -> Path:
    """Where the stores of this process are; it is locked before its processors join their groups."""
    return settings.data / "workers" / instance


class Worker:
    """Runs one processor on the partitions that its consumer group assigns to it.

    Made, started and stopped by the worker entry, on the event loop that it runs on. ``failed`` gets the exception of
    the first partition that fails: the process has to end then. ``instance`` names the folder of this process.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        processor: Processor[Any],
        instance: str,
        codec: Codec,
        reference: Callable[[], Any],
        local_delivery: LocalDelivery,
    ) -> None:
        self._settings = settings
        self._processor = processor
        self._folder = folder_of(settings, instance)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._codec = codec
        self._reference = reference
        self._local_delivery = local_delivery
        self._rejects = RejectWindow(settings.reject_ratio, settings.reject_window)
        self._clock = BrokerClock()
        grace_s = UPSTREAM_GRACE_S + 2 * settings.commit_interval_ms / 1000
        self._upstream = Upstream(
            settings.kafka, processor.name, processor.sources, grace_s, lambda: self._partitions.keys()
        )
        self._kafka_producer: AIOKafkaProducer | None = None
        self._producer: BatchProducer | None = None
        self._stores: dict[int, Store] = {}
        self._partitions: dict[int, tuple[Partition, asyncio.Task[None]]] = {}
        self._received_at_s = time.monotonic()
        """When a fetch last brought records."""
        self._leaving = False
        """Set from when this process has left the group on: who is fenced then has a successor."""
        self._assigned = asyncio.Event()
        """Set while the assigned partitions are in ``_partitions``: Faust may deliver batches before."""
        self._topic_search: asyncio.Task[None] | None = None
        self._topic_check: asyncio.Task[None] | None = None
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._member = StaleMember(settings.kafka, group_of(processor), self._folder / f"{processor.name}.member")
        self.app = build_app(settings, processor, self._folder, self)
        metrics.COMMIT_AGE_SECONDS.labels(processor.name).set_function(self._commit_age_s)
        for topic in processor.sources:
            metrics.LAG.labels(processor.name, topic.name).set_function(partial(self._lag, topic.name))

    @property
    def is_idle(self) -> bool:
        """Whether no fetched batch waits to be processed."""
        return all(partition.is_idle for partition, _ in self._partitions.values())

    async def start(self) -> None:
        """Connects to Kafka and joins the group; returns before the first assignment."""
        self._kafka_producer = AIOKafkaProducer(
            **client_options(self._settings.kafka),
            acks="all",
            linger_ms=self._processor.linger_ms or LINGER_MS,
            max_batch_size=512 << 10,
            max_request_size=MAX_RECORD_BYTES,
        )
        await self._kafka_producer.start()
        self._producer = BatchProducer(self._kafka_producer)
        self._topic_check = asyncio.ensure_future(self._watch_topics())
        self._topic_check.add_done_callback(self._failed)
        await self._member.remove()
        self.app.finalize()
        await self.app.start()

    async def stop(self) -> None:
        """Commits what was processed and leaves the group; where it has other members, when they have taken over."""
        if 0 < len(self._partitions) < self._settings.partitions:
            await self._stay_until_fenced()
        await self.revoke()
        await self.app.stop()
        await self._upstream.close()
        if self._topic_check is not None:
            self._topic_check.cancel()
        if self._kafka_producer is not None:
            await self._kafka_producer.stop()
        for store in self._stores.values():
            store.close()

    async def _stay_until_fenced(self) -> None:
        """Leaves the group and goes on until the next owners have fenced this one, or should have: they hear that a
        member left with their next heartbeat. A commit shows who is fenced, and leaves the next owner little to repeat.
        """
        self._leaving = True
        await self._consumer.leave()
        until = time.monotonic() + min(self._settings.heartbeat_interval_ms / 1000 + REBALANCE_S, LONGEST_STAY_S)
        while time.monotonic() < until and not all(task.done() for _, task in self._partitions.values()):
            for partition, _ in self._partitions.values():
                partition.commit_soon()
            await asyncio.sleep(STAY_COMMIT_S)

    async def deliver(self, topic: str, partition: int, batch: FetchedBatch, generation: int) -> None:
        """Called by the app for each fetched batch. Waits until the assigned partitions are open to batches and the
        partition's queue has room; a batch of an earlier generation is dropped, its records are fetched again."""
        self._received_at_s = time.monotonic()
        await self._assigned.wait()
        owned = self._partitions.get(partition)
        if owned is not None and generation == self.app.consumer_generation_id:
            await owned[0].deliver(topic, batch)

    async def assign(self, given: set[TP]) -> None:
        """Called by the app after each rebalance. Every partition is opened anew, also those that stay, and fences its
        former owner."""
        await self.revoke()
        for number in sorted(partitions_of(given)):
            self._open(number)
        self._assigned.set()
        self._announce_written_topics()
        self._member.record(self._consumer.member)
        if {tp.topic for tp in given} != {topic.name for topic in self._processor.sources}:
            self._topic_search = asyncio.ensure_future(self._await_topics())

    async def revoke(self) -> None:
        """Called by the app before each rebalance: closes every partition, also those that will stay. Waits until they
        have committed, at most twice ``CLOSE_S``."""
        self._assigned.clear()
        closing, self._partitions = self._partitions, {}
        self._announce_written_topics()
        for number, (partition, _) in closing.items():
            self._unsubscribe(number, partition)
        for partition, task in closing.values():
            partition.close()
            if not partition.opened.is_set():
                task.cancel()
        if closing:
            tasks = [task for _, task in closing.values()]
            await asyncio.wait(tasks, timeout=2 * CLOSE_S)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        metrics.PARTITIONS.labels(self._processor.name).set(0)

    def fetch_limits(self) -> tuple[int, int]:
        """Called by the app before each fetch."""
        quiet_s = time.monotonic() - self._received_at_s
        return fetch_limits(self._processor, self._settings.fetch_wait_ms, self._local_delivery, quiet_s)

    def _open(self, number: int, reopening: Reopening | None = None) -> None:
        assert self._producer is not None
        partition = Partition(
            self._settings,
            self._processor,
            number,
            self.app.conf.id,
            self._store(number),
            lambda cluster: self._replace_store(number, cluster),
            self._codec,
            self._producer,
            self._reference,
            self._rewind,
            self._local_delivery,
            self._rejects,
            self,
            self._clock,
            self._send_when_idle,
            reopening,
        )
        for topic in self._processor.sources:
            self._local_delivery.subscribe(topic.name, number, partition.deliver_local)
        task = asyncio.ensure_future(partition.run())
        task.add_done_callback(partial(self._ended, number, partition))
        self._partitions[number] = (partition, task)
        metrics.PARTITIONS.labels(self._processor.name).set(len(self._partitions))

    def _send_when_idle(self) -> None:
        """Effects wait to share a request with those of batches that are being processed, and for nothing else."""
        if not self._processor.linger_ms and self.is_idle:
            assert self._producer is not None
            self._producer.send_now()

    def _announce_written_topics(self) -> None:
        """A topic whose only writer is this processor is written by this process alone when it owns all partitions."""
        for topic in TOPICS:
            if topic.written_by == (self._processor.name,):
                owns_all = len(self._partitions) == self._settings.partitions
                self._local_delivery.set_written_here(topic.name, owns_all)

    def _store(self, number: int) -> Store:
        if number not in self._stores:
            folder = self._folder / self._processor.name / str(number)
            kept_ms = self._processor.state_kept_ms
            kept_s = None if kept_ms == FOREVER_MS else kept_ms // 1000
            self._stores[number] = MemoryStore() if self._settings.store == "memory" else RocksStore(folder, kept_s)
        return self._stores[number]

    def _replace_store(self, number: int, cluster: str) -> Store:
        """Renames the folder of a partition's store and opens an empty one. The last one of each cluster stays."""
        self._stores.pop(number).close()
        folder = self._folder / self._processor.name / str(number)
        if folder.exists():
            old = folder.with_name(f"{number}.{quote(cluster, safe='') or 'unknown'}")
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
            log.warning(
                "a store was replaced; the old one may be deleted when nobody misses it", extra={"old": str(old)}
            )
        return self._store(number)

    async def _watch_topics(self) -> None:
        """Fails the worker when a topic that it reads was deleted and made again, or its brokers are another cluster's:
        positions mean nothing there. The next start decides where to go on."""
        assert self._kafka_producer is not None
        names = [topics.changelog(self._processor.name), *(topic.name for topic in self._processor.sources)]
        known: dict[str, TopicId] = {}
        while True:
            with suppress(KafkaError):
                now = await fetch_topic_ids(self._kafka_producer.client, names)
                check_same_topics(known, now)
                known |= now
            await asyncio.sleep(TOPIC_CHECK_S)

    async def _await_topics(self) -> None:
        """The group assigned no partitions of some topic: either there are more workers than partitions, or the brokers
        did not know the topic yet. In the second case metadata that knows it makes the group rebalance."""
        while not await self._consumer.has_topics([topic.name for topic in self._processor.sources]):  # noqa: ASYNC110
            await asyncio.sleep(TOPICS_RETRY_S)

    async def ends(self, partition: int) -> dict[str, int]:
        """See `processors.shell.timers.watch.Sources`; likewise the next."""
        found = await self._consumer.ends_of(TP(topic.name, partition) for topic in self._processor.sources)
        return {tp.topic: end for tp, end in found.items()}

    async def is_behind(self, now_ms: int) -> bool:
        return await self._upstream.is_behind(now_ms)

    def fetched(self, topic: str, partition: int) -> Fetched:
        return self._consumer.fetched(TP(topic, partition))

    @property
    def _consumer(self) -> BatchConsumer:
        consumer = self.app.consumer
        assert isinstance(consumer, BatchConsumer)
        return consumer

    async def _rewind(self, topic: str, number: int, offset: int) -> int:
        return await self._consumer.rewind(TP(topic, number), offset)

    def fail(self, error: BaseException) -> None:
        """The process has to end because of this."""
        if not self.failed.done():
            self.failed.set_exception(error)

    def _failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def _commit_age_s(self) -> float:
        """Called for each scrape, in another thread; likewise the next."""
        waiting = [partition.waits_since_s for partition, _ in list(self._partitions.values())]
        oldest = min((since for since in waiting if since is not None), default=None)
        return 0.0 if oldest is None else time.monotonic() - oldest

    def _lag(self, topic: str) -> float:
        partitions = list(self._partitions.items())
        ends = {number: self._consumer.end_of(TP(topic, number)) for number, _ in partitions}
        return float(sum(max(0, ends[number] - partition.next_offset(topic)) for number, (partition, _) in partitions))

    def _unsubscribe(self, number: int, partition: Partition) -> None:
        for topic in self._processor.sources:
            self._local_delivery.unsubscribe(topic.name, number, partition.deliver_local)

    def _ended(self, number: int, partition: Partition, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        lost = lost_producer(error)
        if lost is None:
            self.fail(error)
            return
        if self._leaving:
            log.info("a partition has its next owner", extra={"processor": self._processor.name, "partition": number})
            partition.close()
            return
        metrics.PRODUCERS_LOST.labels(self._processor.name).inc()
        log.warning(
            "a partition lost its producer; what was not committed is processed again",
            exc_info=lost,
            extra={"processor": self._processor.name, "partition": number},
        )
        # A partition that was closed meanwhile is the next owner's.
        if self._partitions.get(number, (None,))[0] is partition:
            self._unsubscribe(number, partition)
            partition.close()
            self._open(number, Reopening(self._consumer.is_member, partition.fetched_from))
