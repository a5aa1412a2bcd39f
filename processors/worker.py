"""The entry of a worker process: runs one or more processors with their reference data, metrics and logs."""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import uvloop
from prometheus_client import start_http_server

from processors import metrics
from processors.gc_policy import collect_rarely, collect_when_idle
from processors.registry import PROCESSORS
from processors.shell.agent import Worker, folder_of
from processors.shell.live_reference import LiveReference
from processors.shell.local_delivery import LocalDelivery
from processors.shell.settings import WorkerSettings
from processors.step import Processor
from schemas.codec.schema_registry import codec_with
from schemas.kafka.client_settings import settings_for
from schemas.kafka.partition_counts import await_count
from schemas.process.errors import OperatorError
from schemas.process.file_limit import raise_file_limit
from schemas.process.folder_lock import FolderInUseError, lock_folder
from schemas.process.logging import set_up_logging
from schemas.process.settings import SettingError, read_settings
from schemas.process.shared_settings import COUPON_KEY_FILE
from schemas.topics import changelog, set_prefix

log = logging.getLogger(__name__)
LOG_LEVELS = dict.fromkeys(("aiokafka", "faust", "mode", "processors.shell.fetch.consumer"), logging.WARNING)
STOP_S = 6.0
"""Limit of an orderly stop: Kafka may not answer any more."""


def main(names: Sequence[str], instance: str = "") -> int:
    """Runs the named processors until SIGTERM or SIGINT; blocks.

    :param instance: name of this process among several with the same processors; also the name of its folder of stores.
    :returns: the exit code: 0 after an orderly stop, 1 when a setting is wrong, contradicts the topics, or a processor
        failed.
    """
    set_up_logging(instance or "-".join(names), LOG_LEVELS)
    unknown = [name for name in names if name not in PROCESSORS]
    if unknown or not names:
        log.critical("no such processor: %s; there are %s", ", ".join(unknown) or "(none given)", ", ".join(PROCESSORS))
        return 1
    try:
        settings = read_settings(WorkerSettings, os.environ)
    except SettingError as error:
        log.critical("%s", error)
        return 1
    if "coupons" in names and settings.coupon_keys is None:
        log.critical("%s is not set: coupons makes codes with the keys in this file", COUPON_KEY_FILE.name)
        return 1
    set_prefix(settings_for(settings.kafka).prefix)
    instance = instance or "-".join(names)
    folder = folder_of(settings, instance)
    try:
        # Before the groups give it partitions, which nobody would serve until its session ends.
        lock_folder(folder)
    except FolderInUseError as holder:
        log.critical(
            "FOOTPATH_DATA: %s is in use by another worker (pid %s): give each its own FOOTPATH_DATA",
            folder,
            holder.pid,
        )
        return 1
    except OSError as error:
        log.critical("FOOTPATH_DATA: %s cannot be written (%s)", folder, error.strerror)
        return 1
    metrics.describe_build(instance)
    if settings.metrics_port:
        host, port = settings.metrics_host, settings.metrics_port
        try:
            start_http_server(port, addr=host)
        except OSError as error:
            log.critical(
                "FOOTPATH_METRICS_HOST=%s, FOOTPATH_WORKER_METRICS_PORT=%d: %s", host, port, error.strerror or error
            )
            return 1
    raise_file_limit()
    uvloop.install()
    try:
        return asyncio.run(run(settings, [PROCESSORS[name] for name in names], instance))
    except OperatorError as error:
        log.critical("%s", error)
        return 1


async def run(settings: WorkerSettings, processors: Sequence[Processor[Any]], instance: str) -> int:
    """Starts the processors when the topics are there and the reference data is complete, and waits until one fails or
    a signal arrives.

    :raises OperatorError: the topics contradict FOOTPATH_PARTITIONS or each other.
    """
    codec = codec_with(settings.schema_registry, settings.reject_keys)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reference = LiveReference(settings.kafka, codec, settings.coupon_keys)
    stopped = asyncio.ensure_future(stop.wait())
    updating = asyncio.ensure_future(reference.follow())
    ready = asyncio.ensure_future(_ready(settings, processors, reference))
    workers: list[Worker] = []
    collecting = asyncio.ensure_future(collect_when_idle(lambda: all(worker.is_idle for worker in workers)))
    try:
        await asyncio.wait({stopped, updating, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            settings = replace(settings, partitions=ready.result())
            local_delivery = LocalDelivery()
            workers = [
                Worker(settings, processor, instance, codec, reference.now, local_delivery) for processor in processors
            ]
            collect_rarely()
            starting = asyncio.ensure_future(_start(workers))
            await asyncio.wait({stopped, starting}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                await asyncio.wait({starting})
        if ready.done() and not stop.is_set():
            starting.result()
            apps = [asyncio.ensure_future(worker.app.wait_until_stopped()) for worker in workers]
            ends: list[asyncio.Future[Any]] = [stopped, updating, *apps, *(worker.failed for worker in workers)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            log.info("stopping")
            try:
                async with asyncio.timeout(STOP_S):
                    await asyncio.gather(*(worker.stop() for worker in workers))
            except TimeoutError:
                log.warning("stopped without a last commit; uncommitted records are fetched again")
                os._exit(0)
            return 0
        failed = next((t for t in (updating, *(w.failed for w in workers)) if t.done() and t.exception()), None)
        log.error("worker failed", exc_info=failed.exception() if failed is not None else None)
        # At once, without an orderly stop: nothing may be committed after a failure, and Faust's threads may not end.
        os._exit(1)
    finally:
        for task in (updating, collecting, ready):
            task.cancel()


async def _ready(settings: WorkerSettings, processors: Sequence[Processor[Any]], reference: LiveReference) -> int:
    """The number of partitions, once the topics and the reference data are there."""
    count = await await_count(settings.kafka, topics_of(processors), settings.partitions)
    await reference.ready()
    return count


def topics_of(processors: Sequence[Processor[Any]]) -> set[str]:
    """Topics of which a worker of these processors takes or writes a partition by its number: all of them have equally
    many. The reference data is read whole, whatever its partitions."""
    return {
        name
        for processor in processors
        for name in (*(topic.name for topic in (*processor.sources, *processor.writes)), changelog(processor.name))
    }


async def _start(workers: Sequence[Worker]) -> None:
    await asyncio.gather(*(worker.start() for worker in workers))
