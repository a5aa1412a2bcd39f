"""The sink process: stores every topic in ClickHouse until SIGTERM or SIGINT."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial

import prometheus_client
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.codec.avro import Codec
from schemas.codec.schema_registry import codec_with
from schemas.events import EventRejected
from schemas.kafka.client_options import client_options, consumer_options
from schemas.kafka.client_settings import Kafka, settings_for
from schemas.kafka.login import check_login
from schemas.kafka.topic_ids import TopicId, check_same_topics, fetch_topic_ids
from schemas.process.errors import OperatorError
from schemas.process.logging import set_up_logging
from schemas.process.settings import SettingError, read_settings
from schemas.topics import MAX_RECORD_BYTES, set_prefix, with_prefix
from sinks import metrics
from sinks.clickhouse.consumer import PAUSE_S, SinkConsumer
from sinks.clickhouse.lag import report_lag
from sinks.clickhouse.login import check_store_login
from sinks.clickhouse.raw_consumer import build_raw_consumer
from sinks.clickhouse.topic_positions import PositionCheck
from sinks.clickhouse.topic_writer import Publish, build_topic_writers, stored_topics
from sinks.clickhouse.writer import Writer
from sinks.privacy.stored import Stored
from sinks.privacy.worker import PrivacyWorker
from sinks.settings import Settings

GROUP = "footpath-sink"
"""Behind the deployment's prefix."""
# A batch may wait for ClickHouse through a long outage; the group must not reassign the partitions meanwhile.
LONGEST_WAIT_MS = 24 * 3_600_000
# Limit of what is fetched ahead, per partition.
FETCH_BYTES = 1 << 20
LINGER_BYTES = 256 << 10
STOP_S = 8.0
"""Limit of an orderly stop: Kafka or ClickHouse may not answer any more."""
GC_AFTER = 100_000

log = logging.getLogger(__name__)


def build_consumer(settings: Settings) -> AIOKafkaConsumer:
    """The consumer of group GROUP, not started; `SinkConsumer` commits its offsets."""
    return build_raw_consumer(
        **consumer_options(settings.kafka),
        group_id=with_prefix(GROUP),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        # Transactional records of a worker that crashed before its commit are not visible.
        isolation_level="read_committed",
        max_poll_interval_ms=LONGEST_WAIT_MS,
        max_partition_fetch_bytes=FETCH_BYTES,
        # A fetch that waits for LINGER_BYTES saves Kafka and ClickHouse most of their requests.
        fetch_min_bytes=LINGER_BYTES,
        fetch_max_wait_ms=settings.flush_after_ms,
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // 4,
        # A Kafka that has just started has no topic metadata for a moment; the next refresh makes the group rejoin.
        metadata_max_age_ms=5_000,
    )


def build_publish(producer: AIOKafkaProducer, codec: Codec) -> Publish:
    """Publishes a reject and returns when Kafka has acknowledged it; retries without a limit while Kafka is away."""

    async def publish(rejected: EventRejected) -> None:
        topic, key, value, headers = codec.record(rejected)
        while True:
            try:
                await producer.send_and_wait(
                    topic.name, value, key, headers=headers, timestamp_ms=rejected.occurred_at // 1000
                )
            except KafkaError as problem:
                metrics.WAITING.labels("kafka").set(1)
                log.warning("Kafka does not accept a reject, next try in %.0f s: %s", PAUSE_S, problem)
                await asyncio.sleep(PAUSE_S)
            else:
                metrics.WAITING.labels("kafka").set(0)
                return

    return publish


async def connect(client: AIOKafkaConsumer | AIOKafkaProducer, kafka: Kafka, stop: asyncio.Event) -> bool:
    """Starts a client and waits for Kafka as long as it is away; False when ``stop`` was set before it answered.

    :raises SettingError: Kafka refuses TLS or the login.
    """
    while not stop.is_set():
        try:
            await client.start()
        except KafkaError as problem:
            await check_login(kafka)
            metrics.WAITING.labels("kafka").set(1)
            log.warning("Kafka cannot be reached, next try in %.0f s: %s", PAUSE_S, problem)
            await asyncio.sleep(PAUSE_S)
        else:
            metrics.WAITING.labels("kafka").set(0)
            return True
    return False


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Stores every topic until ``stop`` is set, then stores and commits what was read.

    :raises OperatorError: Kafka, ClickHouse or the Schema Registry refuses at the start.
    """
    codec = codec_with(settings.schema_registry, settings.reject_keys)
    await check_store_login(settings.clickhouse)
    consumer = build_consumer(settings)
    # Without idempotence, which a broker can end for good (an unknown producer, a sequence out of order), and which
    # nothing needs here: a reject that is written twice has one id.
    producer = AIOKafkaProducer(**client_options(settings.kafka), acks="all", max_request_size=MAX_RECORD_BYTES)
    writer = Writer(settings.clickhouse)
    try:
        if await connect(producer, settings.kafka, stop) and await connect(consumer, settings.kafka, stop):
            names = [topic.name for topic in stored_topics()]
            ids = await _topic_ids(producer, names)
            build = partial(
                build_topic_writers,
                codec,
                writer,
                build_publish(producer, codec),
                settings.reject_ratio,
                settings.reject_window,
            )
            writers = build(await writer.claim_incarnations(ids))
            consumer.subscribe(names, listener=PositionCheck(consumer, ids))
            log.info("reading %d topics", len(writers))

            async def check_ids() -> None:
                now = await _topic_ids(producer, names)
                check_same_topics(ids, now)
                if new := {name: topic_id for name, topic_id in now.items() if name not in ids}:
                    built = build(await writer.claim_incarnations(new))
                    writers.update({name: built[name] for name in new})
                    ids.update(new)

            sink = SinkConsumer(consumer, writers, ids, check_ids, settings.flush_rows, settings.flush_after_ms / 1000)
            beside = [
                asyncio.create_task(report_lag(consumer, sink.stored, stop)),
                asyncio.create_task(_build_privacy(settings, codec, producer).run()),
            ]
            try:
                await sink.run(stop)
            finally:
                for task in beside:
                    task.cancel()
    finally:
        await _stop(consumer)
        await producer.stop()
        await writer.close()


def _build_privacy(settings: Settings, codec: Codec, producer: AIOKafkaProducer) -> PrivacyWorker:
    protect = settings.reject_keys.protect if settings.reject_keys is not None else None
    return PrivacyWorker(settings.kafka, codec, producer, settings.clickhouse, Stored(settings.kafka, GROUP), protect)


async def _topic_ids(producer: AIOKafkaProducer, names: Sequence[str]) -> dict[str, TopicId]:
    """The ids of the topics that exist; waits while Kafka is away."""
    while True:
        try:
            return await fetch_topic_ids(producer.client, names)
        except KafkaError as problem:
            metrics.WAITING.labels("kafka").set(1)
            log.warning("Kafka cannot be asked for its topics, next try in %.0f s: %s", PAUSE_S, problem)
            await asyncio.sleep(PAUSE_S)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stops the consumer, also while Kafka is away: aiokafka 0.14 then raises the cancellation of its own fetches."""
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is None or task.cancelling():
            raise


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    running, stopped = asyncio.ensure_future(run(settings, stop)), asyncio.ensure_future(stop.wait())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait({running}, timeout=STOP_S)
    if not running.done():
        log.warning("stopped while rows wait to be stored: they are read again at the next start")
        # At once: what waits for Kafka or ClickHouse may not end.
        os._exit(0)
    running.result()
    log.info("stopped, everything that was read is stored")


def _serve_metrics(settings: Settings) -> None:
    """:raises SettingError: the address cannot be used."""
    host, port = settings.metrics_host, settings.metrics_port
    try:
        prometheus_client.start_http_server(port, addr=host)
    except OSError as error:
        raise SettingError(
            f"FOOTPATH_METRICS_HOST={host}, FOOTPATH_SINK_METRICS_PORT={port}: {error.strerror}"
        ) from None


def main() -> None:
    """Entry point. Exit code 0 after a stop, 1 for a wrong setting; a bug ends it with a log line."""
    set_up_logging("sink", {"aiokafka": logging.WARNING})
    # A batch is tens of thousands of objects without a cycle among them: looking for one is a fifth of all work.
    gc.set_threshold(GC_AFTER, 20, 100)
    try:
        settings = read_settings(Settings, os.environ)
        metrics.describe_build()
        if settings.metrics_port:
            _serve_metrics(settings)
    except SettingError as problem:
        log.error("%s", problem)
        sys.exit(1)
    set_prefix(settings_for(settings.kafka).prefix)
    try:
        asyncio.run(_serve(settings))
    except OperatorError as problem:
        log.error("%s", problem)
        sys.exit(1)


if __name__ == "__main__":
    main()
