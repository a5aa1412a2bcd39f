"""Worker processes on a real Kafka, and what a test can observe of them from outside."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.child_setup import build_die_with_parent
from deploy.operate.coupons.key_file import create_coupon_key
from processors.registry import PROCESSORS
from processors.shell.state.changelog import WATERMARK
from processors.shell.state.records import Active, StateRecordCodec
from schemas import topics
from schemas.brand.fold import BrandFold
from schemas.brand.items import events_of
from schemas.codec.avro import Codec
from schemas.events import Event
from schemas.kafka.partitioner import partition_of
from schemas.topics import BRAND_CONFIGURED, MAX_RECORD_BYTES, PARTITIONS, Topic
from tests.support.hangs import HANG_S
from tests.support.reference import reference, route
from tests.support.reject_keys import write_reject_keys
from tests.support.servers import KafkaServer
from tests.support.topic_ends import Offsets, ends_of

ROOT = Path(__file__).parents[2]
CODEC = Codec()
MAIN = "import sys; from processors.worker import main; sys.exit(main(sys.argv[2:], instance=sys.argv[1]))"
SHORT_SESSION = {"session_timeout_ms": "2000", "heartbeat_interval_ms": "400"}
"""The group soon notices that a worker is gone; otherwise tests would spend most of their time waiting for that."""
NO_LAST_COMMIT = "stopped without a last commit"


@dataclass
class StreamCluster:
    """:param data: folder of the workers' stores. Tests share the topics; each has its own people (`EventStream`)."""

    kafka: str
    data: Path
    producer: AIOKafkaProducer
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *names: str, instance: str = "", main: str = MAIN, **settings: str) -> subprocess.Popen[bytes]:
        """A worker process; ``settings`` are environment variables without their prefix, ``main`` is what it runs."""
        instance = instance or "-".join(names)
        coupon_keys = self.data / "coupon.keys"
        if not coupon_keys.exists():
            create_coupon_key(coupon_keys)
        env = os.environ | {
            "FOOTPATH_KAFKA": self.kafka,
            "FOOTPATH_DATA": str(self.data),
            "FOOTPATH_REJECT_KEY_FILE": write_reject_keys(self.data),
            "FOOTPATH_COUPON_KEY_FILE": str(coupon_keys),
            "PYTHONPATH": str(ROOT),
            **{f"FOOTPATH_WORKER_{name.upper()}": value for name, value in (SHORT_SESSION | settings).items()},
        }
        with (self.data / f"{instance}.log").open("ab") as log:
            self.workers[instance] = subprocess.Popen(
                [sys.executable, "-c", main, instance, *names],
                env=env,
                stdout=log,
                stderr=log,
                preexec_fn=build_die_with_parent(),
            )
        return self.workers[instance]

    def kill(self, instance: str) -> None:
        worker = self.workers.pop(instance)
        worker.kill()
        worker.wait()

    def stop(self, instance: str) -> None:
        """SIGTERM; the worker has to stop in order."""
        code = self.leave(instance)
        assert code == 0 and NO_LAST_COMMIT not in self.log(instance), f"ended with {code}:\n{self.log(instance)}"

    def leave(self, instance: str) -> int:
        """SIGTERM. :returns: the exit code: ``-SIGTERM`` of a worker that had not installed its handler yet."""
        worker = self.workers.pop(instance)
        worker.terminate()
        try:
            return worker.wait(HANG_S)
        except subprocess.TimeoutExpired:
            worker.kill()
            raise

    def clear(self) -> None:
        """Ends every worker, whatever happened. Those that can leave their group do, so that the workers of the next
        test need not wait for their sessions to end."""
        left = {**self.workers}
        for worker in left.values():
            worker.send_signal(signal.SIGCONT)
            worker.terminate()
        for instance, worker in left.items():
            with suppress(subprocess.TimeoutExpired):
                worker.wait(HANG_S)
            self.kill(instance)

    def log(self, instance: str) -> str:
        return (self.data / f"{instance}.log").read_text()

    def logs(self) -> str:
        """The last 1500 characters of each worker's log, for the text of a failure."""
        return "\n".join(f"== {log.name}\n{log.read_text()[-1500:]}" for log in sorted(self.data.glob("*.log")))

    async def opened(self, instance: str, partitions: int) -> None:
        """Waits until the worker has opened so many partitions, counted since its log began."""

        async def has_opened() -> bool:
            return self.log(instance).count('"partition open"') >= partitions

        await until(has_opened, f"{instance} to open {partitions} partitions")

    async def send(self, events: Iterable[Event]) -> None:
        """Publishes in order; returns when all of it is acknowledged."""
        for event in events:
            topic, key, value, headers = CODEC.record(event)
            partition = partition_of(key.decode(), PARTITIONS)
            await self.producer.send(topic.name, value, key=key, headers=headers, partition=partition)
        await self.producer.flush()

    async def read(self, topic: str, committed: bool = False) -> list[Any]:
        """Every record that the topic has now, those of open and aborted transactions too unless ``committed``."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed" if committed else "read_uncommitted",
        )
        await consumer.start()
        try:
            tps = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            consumer.assign(tps)
            ends = await consumer.end_offsets(tps)
            records: list[Any] = []
            while [tp for tp in tps if await consumer.position(tp) < ends[tp]]:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records += batch
            return records
        finally:
            await consumer.stop()

    async def events(self, topic: Topic) -> list[Any]:
        return [CODEC.of(topic).decode(record.value) for record in await self.read(topic.name)]

    async def contents(self, topic: Topic, ids: set[str]) -> dict[str, set[bytes]]:
        """The contents published under each event id, for events that are in ``ids`` or caused by one of them."""
        contents: dict[str, set[bytes]] = defaultdict(set)
        for record in await self.read(topic.name):
            event = CODEC.of(topic).decode(record.value)
            causes = (event.event_id, getattr(event, "source_event_id", ""), getattr(event, "scan_event_id", ""))
            if any(cause in ids for cause in causes):
                contents[event.event_id].add(record.value)
        return dict(contents)

    async def states(self, processor: str) -> dict[str, Any]:
        """The last state of each key in the changelog."""
        codec = StateRecordCodec.of(PROCESSORS[processor])
        rows = {record.key: record.value for record in await self.read(topics.changelog(processor), committed=True)}
        records = {key.decode(): codec.decode(raw) for key, raw in rows.items() if not key.startswith(WATERMARK)}
        return {key: one.state if isinstance(one, Active) else one for key, one in records.items()}

    async def committed(self, processor: str) -> dict[TopicPartition, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(f"footpath-{processor}")
            return {tp: offset.offset for tp, offset in offsets.items()}
        except KafkaError:  # the first request makes a new broker elect a coordinator
            return {}
        finally:
            await admin.close()

    async def ends(self, *names: str) -> Offsets:
        return await ends_of(self.kafka, names)

    async def count(self, topic: Topic) -> int:
        return sum((await self.ends(topic.name)).values())

    async def is_done(self, processor: str) -> bool:
        """Whether the processor has committed every record of its sources; transaction markers may be left."""
        ends = await self.ends(*(topic.name for topic in PROCESSORS[processor].sources))
        committed = await self.committed(processor)
        left = {tp: committed.get(tp, 0) for tp, end in ends.items() if committed.get(tp, 0) < end}
        return not left or await self._has_no_records_from(left)

    async def _has_no_records_from(self, offsets: dict[TopicPartition, int]) -> bool:
        """Whether a reader of committed records gets none from these offsets on."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, enable_auto_commit=False, isolation_level="read_committed"
        )
        await consumer.start()
        try:
            consumer.assign(list(offsets))
            ends = await consumer.end_offsets(list(offsets))
            for tp, offset in offsets.items():
                consumer.seek(tp, offset)
            while [tp for tp in offsets if await consumer.position(tp) < ends[tp]]:
                if await consumer.getmany(timeout_ms=50):
                    return False
            return True
        finally:
            await consumer.stop()

    async def quiet(self, *processors: str) -> None:
        """Waits until each of the processors, in this order, has committed every record of its sources."""
        for processor in processors:
            await until(lambda p=processor: self.is_done(p), f"{processor} to finish", self.logs)  # type: ignore[misc]


async def until(holds: Callable[[], Awaitable[bool]], what: str, describe: Callable[[], str] = str) -> None:
    """Waits until the condition holds. :raises AssertionError: it does not within :data:`HANG_S`."""
    end = time.monotonic() + HANG_S
    while not await holds():
        assert time.monotonic() < end, f"waited {HANG_S} s in vain for {what}\n{describe()}"
        await asyncio.sleep(0.15)


@asynccontextmanager
async def stream_cluster_on(broker: KafkaServer, data: Path) -> AsyncIterator[StreamCluster]:
    """A cluster without workers yet, with the brand of the stories."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, linger_ms=2, max_request_size=MAX_RECORD_BYTES)
    await producer.start()
    cluster = StreamCluster(broker.bootstrap, data, producer)
    # What a test before left of another brand is withdrawn: beside it no version would ever be whole for a worker that
    # reads the topic from its beginning.
    left = BrandFold()
    for event in await cluster.events(BRAND_CONFIGURED):
        left.apply(event)
    await cluster.send(events_of(reference(route("buy")).brand, 1, left.held))
    try:
        yield cluster
    finally:
        cluster.clear()
        await producer.stop()
