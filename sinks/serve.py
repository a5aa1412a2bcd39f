"""The sink's process: every topic into ClickHouse, until SIGTERM or SIGINT."""

import asyncio
import gc
import logging
import os
import signal
import sys

import prometheus_client
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.codec import Codec
from schemas.events import EventRejected
from schemas.registry import codec_with
from schemas.topics import MAX_RECORD_BYTES
from sinks import log as logs
from sinks import metrics
from sinks.agents import Publish, build_agents
from sinks.lag import watch
from sinks.loop import PAUSE_S, Loop
from sinks.reading import build_plain_consumer
from sinks.settings import SettingError, Settings, read
from sinks.store.writer import Writer

GROUP = "footpath-sink"
# A batch may wait for ClickHouse as long as an outage lasts without the group giving its partitions away.
LONGEST_WAIT_MS = 24 * 3_600_000
# Bounds what is fetched ahead: this much for each partition.
FETCH_BYTES = 1 << 20
LINGER_BYTES = 256 << 10
GC_AFTER = 100_000

log = logging.getLogger(__name__)


def build_consumer(settings: Settings) -> AIOKafkaConsumer:
    return build_plain_consumer(
        bootstrap_servers=settings.kafka,
        group_id=GROUP,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        # What an attempt that crashed before its commit said of people never happened.
        isolation_level="read_committed",
        max_poll_interval_ms=LONGEST_WAIT_MS,
        max_partition_fetch_bytes=FETCH_BYTES,
        # A fetch that waits for company spares Kafka and ClickHouse most of their requests.
        fetch_min_bytes=LINGER_BYTES,
        fetch_max_wait_ms=settings.flush_after_ms,
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // 4,
        # A Kafka that has just started knows no topics for a moment; what is learnt later makes the group join again.
        metadata_max_age_ms=5_000,
    )


def build_publish(producer: AIOKafkaProducer, codec: Codec) -> Publish:
    """Sends a reject and returns when Kafka has it, however long that takes."""

    async def publish(rejected: EventRejected) -> None:
        topic, key, value, headers = codec.record(rejected)
        while True:
            try:
                await producer.send_and_wait(
                    topic.name, value, key, headers=headers, timestamp_ms=rejected.occurred_at // 1000
                )
            except KafkaError as problem:
                metrics.WAITING.labels("kafka").set(1)
                log.warning("Kafka does not take a reject, next try in %.0f s: %s", PAUSE_S, problem)
                await asyncio.sleep(PAUSE_S)
            else:
                metrics.WAITING.labels("kafka").set(0)
                return

    return publish


async def start(part: AIOKafkaConsumer | AIOKafkaProducer, stop: asyncio.Event) -> bool:
    """Connects, waiting for Kafka as long as it is away; False when it is time to stop instead."""
    while not stop.is_set():
        try:
            await part.start()
        except KafkaError as problem:
            metrics.WAITING.labels("kafka").set(1)
            log.warning("Kafka cannot be reached, next try in %.0f s: %s", PAUSE_S, problem)
            await asyncio.sleep(PAUSE_S)
        else:
            metrics.WAITING.labels("kafka").set(0)
            return True
    return False


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Sinks until ``stop`` is set, then stores and commits what was read."""
    codec = codec_with(settings.schema_registry)
    consumer = build_consumer(settings)
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, max_request_size=MAX_RECORD_BYTES
    )
    writer = Writer(settings.clickhouse)
    agents = build_agents(codec, writer, build_publish(producer, codec))
    try:
        if await start(producer, stop) and await start(consumer, stop):
            consumer.subscribe(list(agents))
            log.info("reading %d topics", len(agents))
            loop = Loop(consumer, agents, settings.flush_rows, settings.flush_after_ms / 1000)
            watching = asyncio.create_task(watch(consumer, loop.stored, stop))
            try:
                await loop.run(stop)
            finally:
                watching.cancel()
    finally:
        await _stop(consumer)
        await producer.stop()
        await writer.close()


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stops it, also while Kafka is away: aiokafka 0.14 then lets the end of the fetches that it cancels through."""
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is None or task.cancelling():
            raise


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    if settings.metrics_port:
        prometheus_client.start_http_server(settings.metrics_port, addr="127.0.0.1")
    await run(settings, stop)
    log.info("stopped, all that was read is stored")


def main() -> None:
    """Entry point. Exit code 0 after a stop in order, 1 for a wrong setting; a bug ends it with its traceback."""
    logs.set_up()
    # A batch is tens of thousands of objects without a cycle among them: looking for one is a fifth of all work.
    gc.set_threshold(GC_AFTER, 20, 100)
    try:
        settings = read(os.environ)
    except SettingError as problem:
        log.error("%s", problem)
        sys.exit(1)
    asyncio.run(_serve(settings))


if __name__ == "__main__":
    main()
