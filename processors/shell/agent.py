"""A processor as a Faust app: group membership, assignment and delivery are Faust's, the rest is the shell's."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import faust
from aiokafka import AIOKafkaProducer
from faust.transport import drivers
from faust.types import TP

from processors import metrics
from processors.shell.consumer import RunApp, RunConsumer, RunScheduler, RunSchema, RunTransport, partitions_of
from processors.shell.handover import Handover
from processors.shell.partition import CLOSE_S, Partition
from processors.shell.predecessor import Membership
from processors.shell.settings import WorkerSettings
from processors.shell.store import MemoryStore, RocksStore, Store
from processors.step import Processor
from schemas.batches import Batches
from schemas.codec import Codec
from schemas.topics import MAX_RECORD_BYTES, TOPICS

log = logging.getLogger(__name__)
SCHEME = "footpath"
LOOK_AGAIN_S = 0.5
LINGER_BYTES = 64 << 10
"""A fetch of a processor that lingers returns as soon as there is so much."""
GATHER_MS = 3
"""How long a record may wait for others to be sent with it."""
HANDED_WAIT_MS = 25
"""How long a fetch waits when what it would bring is handed over already. What follows on a transaction waits for it: a
marker stands between."""


class Worker:
    """Runs one processor on the partitions that its consumer group gives it."""

    def __init__(
        self,
        settings: WorkerSettings,
        processor: Processor[Any],
        instance: str,
        codec: Codec,
        world: Callable[[], Any],
        handover: Handover,
    ) -> None:
        self._settings = settings
        self._processor = processor
        self._instance = instance
        self._codec = codec
        self._world = world
        self._handover = handover
        self._producer: AIOKafkaProducer | None = None
        self._batches: Batches | None = None
        self._stores: dict[int, Store] = {}
        self._partitions: dict[int, tuple[Partition, asyncio.Task[None]]] = {}
        self._given = asyncio.Event()
        """Whether what was given out by the group is open to take what comes for it: Faust may deliver before."""
        self._looking: asyncio.Task[None] | None = None
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.app = self._build_app()

    @property
    def is_idle(self) -> bool:
        """Whether nothing that was fetched waits to be taken."""
        return all(partition.is_idle for partition, _ in self._partitions.values())

    async def start(self) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka,
            acks="all",
            linger_ms=self._processor.linger_ms or GATHER_MS,
            max_batch_size=512 << 10,
            max_request_size=MAX_RECORD_BYTES,
        )
        await self._producer.start()
        self._batches = Batches(self._producer)
        await self._membership.leave_for_predecessor()
        self.app.finalize()
        await self.app.start()

    async def stop(self) -> None:
        """Commits what was taken and leaves the group."""
        await self._close_all()
        await self.app.stop()
        if self._producer is not None:
            await self._producer.stop()
        for store in self._stores.values():
            store.close()

    def _build_app(self) -> faust.App:
        folder = self._settings.data / "workers" / self._instance
        folder.mkdir(parents=True, exist_ok=True)
        group = f"footpath-{self._processor.name}"
        self._membership = Membership(self._settings.kafka, group, folder / f"{self._processor.name}.member")
        drivers.TRANSPORTS.aliases[SCHEME] = f"{RunTransport.__module__}:{RunTransport.__qualname__}"
        app = RunApp(
            group,
            broker=";".join(f"{SCHEME}://{host}" for host in self._settings.kafka.split(",")),
            datadir=str(folder / "faust"),
            topic_partitions=self._settings.partitions,
            ConsumerScheduler=RunScheduler,
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            stream_wait_empty=False,
            consumer_auto_offset_reset="earliest",
            broker_max_poll_records=self._settings.batch_rows,
            broker_session_timeout=self._settings.session_timeout_ms / 1000,
            broker_heartbeat_interval=self._settings.heartbeat_interval_ms / 1000,
            broker_rebalance_timeout=5.0,
        )
        app.fetching = self._fetching
        source = app.topic(
            *(topic.name for topic in self._processor.sources),
            schema=RunSchema(),
            partitions=self._settings.partitions,
            maxsize=16,
        )

        @app.agent(source, name=self._processor.name)
        async def deliver(stream: Any) -> None:
            async for event in stream.noack().events():
                message = event.message
                await self._given.wait()
                held = self._partitions.get(message.partition)
                if held is not None and message.generation_id == app.consumer_generation_id:
                    await held[0].deliver(message.topic, event.value)

        @app.on_partitions_revoked.connect  # type: ignore[arg-type]
        async def revoked(sender: Any, gone: set[TP], **kwargs: Any) -> None:
            await self._close_all()

        @app.on_partitions_assigned.connect  # type: ignore[arg-type]
        async def assigned(sender: Any, given: set[TP], **kwargs: Any) -> None:
            await self._close_all()
            for number in sorted(partitions_of(given)):
                self._open(number)
            self._given.set()
            self._tell_what_is_written()
            self._membership.note(self._consumer.member)
            if {tp.topic for tp in given} != {topic.name for topic in self._processor.sources}:
                self._looking = asyncio.ensure_future(self._look_for_topics())

        return app

    def _open(self, number: int) -> None:
        assert self._batches is not None
        partition = Partition(
            self._settings,
            self._processor,
            number,
            self.app.conf.id,
            self._store(number),
            self._codec,
            self._batches,
            self._world,
            self._rewind,
            self._handover,
            self._rests,
        )
        for topic in self._processor.sources:
            self._handover.read(topic.name, number, partition.hand)
        task = asyncio.ensure_future(partition.run())
        task.add_done_callback(self._ended)
        self._partitions[number] = (partition, task)
        metrics.PARTITIONS.labels(self._processor.name).set(len(self._partitions))

    def _rests(self) -> None:
        """What one partition published waits for what others publish at the same moment, and for nobody else."""
        if not self._processor.linger_ms and self.is_idle:
            assert self._batches is not None
            self._batches.leave()

    async def _close_all(self) -> None:
        """Closes every partition: at each rebalance all are given up, and those that stay are opened and fenced
        anew."""
        self._given.clear()
        closing, self._partitions = self._partitions, {}
        self._tell_what_is_written()
        for number, (partition, _) in closing.items():
            for topic in self._processor.sources:
                self._handover.leave(topic.name, number, partition.hand)
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

    def _tell_what_is_written(self) -> None:
        """A topic with one writer is wholly written here when all of its writer's partitions are here."""
        for topic in TOPICS:
            if topic.written_by == (self._processor.name,):
                self._handover.written_here(topic.name, len(self._partitions) == self._settings.partitions)

    def _fetching(self) -> tuple[int, int]:
        """Least bytes and longest wait (milliseconds) of a fetch."""
        if self._processor.linger_ms:
            return LINGER_BYTES, self._processor.linger_ms
        # What is sealed is never handed over: it counts only once it is committed. But no phone waits for it.
        if self._handover.brings_all([topic.name for topic in self._processor.sources if not topic.sealed]):
            return LINGER_BYTES, HANDED_WAIT_MS
        return 1, self._settings.fetch_wait_ms

    def _store(self, number: int) -> Store:
        if number not in self._stores:
            folder = self._settings.data / "workers" / self._instance / self._processor.name / str(number)
            self._stores[number] = MemoryStore() if self._settings.store == "memory" else RocksStore(folder)
        return self._stores[number]

    async def _look_for_topics(self) -> None:
        """Partitions of some topic were not given out: there are more workers than partitions, or Kafka knew no
        better."""
        while not await self._consumer.knows([topic.name for topic in self._processor.sources]):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_AGAIN_S)

    @property
    def _consumer(self) -> RunConsumer:
        consumer = self.app.consumer
        assert isinstance(consumer, RunConsumer)
        return consumer

    async def _rewind(self, topic: str, number: int, offset: int) -> int:
        return await self._consumer.rewind(TP(topic, number), offset)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self.failed.done():
            self.failed.set_exception(error)
