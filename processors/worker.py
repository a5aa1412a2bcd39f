"""The entry of a worker process: one or more processors, their reference data, metrics and logs."""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

import uvloop
from prometheus_client import start_http_server

from processors.context.core import PROCESSOR as CONTEXT
from processors.garbage import collect_at_rest, collect_rarely
from processors.identity.core import PROCESSOR as IDENTITY
from processors.likeness.core import PROCESSOR as LIKENESS
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.agent import Worker
from processors.shell.handover import Handover
from processors.shell.live_world import LiveWorld
from processors.shell.settings import SettingError, WorkerSettings, read_settings
from processors.step import Processor
from schemas.registry import codec_with

PROCESSORS: dict[str, Processor[Any]] = {p.name: p for p in (IDENTITY, CONTEXT, REWARDS, LIKENESS)}
log = logging.getLogger(__name__)
STOP_S = 6.0
"""How long an orderly stop may take; Kafka may be gone already."""


def main(names: Sequence[str], instance: str = "") -> int:
    """Runs the named processors until SIGTERM or SIGINT.

    :param instance: name of this process among several of its kind; names its folder of stores.
    :returns: 0 after an orderly stop, 1 when a setting is wrong or a processor failed.
    """
    _log_as_json(instance or "-".join(names))
    unknown = [name for name in names if name not in PROCESSORS]
    if unknown or not names:
        print(
            f"no such processor: {', '.join(unknown) or '(none given)'}; there are {', '.join(PROCESSORS)}",
            file=sys.stderr,
        )
        return 1
    try:
        settings = read_settings()
    except SettingError as error:
        print(error, file=sys.stderr)
        return 1
    uvloop.install()
    return asyncio.run(run(settings, [PROCESSORS[name] for name in names], instance or "-".join(names)))


async def run(settings: WorkerSettings, processors: Sequence[Processor[Any]], instance: str) -> int:
    codec = codec_with(settings.schema_registry)
    if settings.metrics_port:
        start_http_server(settings.metrics_port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    world = LiveWorld(settings.kafka, codec)
    stopped = asyncio.ensure_future(stop.wait())
    following = asyncio.ensure_future(world.follow())
    ready = asyncio.ensure_future(world.ready())
    workers: list[Worker] = []
    tidying = asyncio.ensure_future(collect_at_rest(lambda: all(worker.is_idle for worker in workers)))
    try:
        await asyncio.wait({stopped, following, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            handover = Handover()
            workers = [Worker(settings, processor, instance, codec, world.now, handover) for processor in processors]
            collect_rarely()
            starting = asyncio.ensure_future(_start(workers))
            await asyncio.wait({stopped, starting}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                await asyncio.wait({starting})
        if ready.done() and not stop.is_set():
            starting.result()
            apps = [asyncio.ensure_future(worker.app.wait_until_stopped()) for worker in workers]
            ends: list[asyncio.Future[Any]] = [stopped, following, *apps, *(worker.failed for worker in workers)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            log.info("stopping")
            try:
                async with asyncio.timeout(STOP_S):
                    for worker in workers:
                        await worker.stop()
            except TimeoutError:
                log.warning("stopped without a farewell to Kafka; what was not committed is replayed")
                os._exit(0)
            return 0
        failed = next((t for t in (following, *(w.failed for w in workers)) if t.done() and t.exception()), None)
        log.error("worker failed", exc_info=failed.exception() if failed is not None else None)
        # At once and without farewell: nothing that was not committed may be, and Faust's threads must not hold us up.
        os._exit(1)
    finally:
        following.cancel()
        tidying.cancel()


async def _start(workers: Sequence[Worker]) -> None:
    await asyncio.gather(*(worker.start() for worker in workers))


class _JsonLines(logging.Formatter):
    """One JSON object a line; ids only, never payloads."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": round(time.time(), 3),
            "level": record.levelname.lower(),
            "process": self._process,
            "message": record.getMessage(),
        }
        line |= {
            name: getattr(record, name) for name in ("processor", "partition", "rows", "end") if hasattr(record, name)
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _log_as_json(process: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines(process))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("aiokafka", "faust", "mode", "processors.shell.consumer"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
