"""Real parts for tests: a Kafka and a ClickHouse that can be started, stopped, killed and started again."""

import asyncio
import os
import subprocess
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import clickhouse, kafka, ports
from deploy.local.process import build_die_with_parent
from deploy.local.settings import cache_directory

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


@dataclass
class Part:
    """One real server as a child of the test: `start`, `stop` (SIGTERM), `kill` (-9), `pid`.

    A start after a stop or a kill uses the same directory and the same ports. Start it from the main thread:
    the server ends with the thread that started it.
    """

    argv: list[str]
    log: Path
    answers: Callable[[], Awaitable[bool]]
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    def start(self) -> float:
        """Starts the server and returns the seconds until it answered."""
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=build_die_with_parent(),
            )
        while not _run(self.answers):
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
            if time.perf_counter() - began > START_TIMEOUT_S:
                self.kill()
                raise AssertionError(f"no answer in {START_TIMEOUT_S} s:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)
        return time.perf_counter() - began

    def stop(self) -> int:
        """Ends the server in order (SIGTERM) and returns its exit code."""
        assert self.process is not None, "not started"
        self.process.terminate()
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """kill -9, which the server cannot answer."""
        assert self.process is not None, "not started"
        self.process.kill()
        self.process.wait()


@dataclass
class KafkaPart(Part):
    """A broker; `bootstrap` is `host:port`."""

    bootstrap: str


@dataclass
class ClickHousePart(Part):
    """A server; `url` is its HTTP address, the database is `footpath`."""

    url: str


def _run(question: Callable[[], Awaitable[bool]]) -> bool:
    """The answer, in a thread of its own: the caller may be inside an event loop already."""

    async def ask() -> bool:
        return await question()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask()).result()


def start_kafka(directory: Path) -> KafkaPart:
    """A Kafka on free ports with its data in `directory`, started."""
    install = kafka.prepare(cache_directory(os.environ), print)
    place = kafka.Place(directory, ports.free(), ports.free())
    kafka.lay_out(install, place)
    part = KafkaPart(
        argv=kafka.command(install, place),
        log=directory / "kafka.log",
        answers=lambda: kafka.answers(place.bootstrap),
        bootstrap=place.bootstrap,
    )
    part.start()
    return part


def start_clickhouse(directory: Path) -> ClickHousePart:
    """A ClickHouse on a free port with its data in `directory`, started."""
    clickhouse.prepare()
    directory.mkdir(parents=True, exist_ok=True)
    port = ports.free()
    part = ClickHousePart(
        argv=clickhouse.command(directory, port),
        log=directory / "clickhouse.log",
        answers=lambda: clickhouse.answers(clickhouse.url(port)),
        url=clickhouse.url(port),
    )
    part.start()
    return part
