"""Real servers for tests: a Kafka and a ClickHouse that can be started, stopped, killed and started again."""

import asyncio
import os
import subprocess
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import clickhouse, kafka, ports
from deploy.local.child_setup import build_die_with_parent
from deploy.local.settings import cache_directory
from tests.support import short_lives
from tests.support.hangs import HANG_S


@dataclass
class Server:
    """One real server as a child of the test: `start`, `stop` (SIGTERM), `kill` (-9), `pid`.

    A start after a stop or a kill uses the same directory and the same ports. Start it from the main thread:
    the kernel kills the server when the thread that started it ends.
    """

    argv: list[str]
    log: Path
    is_serving: Callable[[], Awaitable[bool]]
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

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
        while not _run(self.is_serving):
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
            if time.perf_counter() - began > HANG_S:
                self.kill()
                raise AssertionError(f"no answer in {HANG_S} s:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)
        return time.perf_counter() - began

    def stop(self) -> int:
        """Stops the server in order (SIGTERM) and returns its exit code."""
        assert self.process is not None, "not started"
        self.process.terminate()
        try:
            return self.process.wait(HANG_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kills the server with SIGKILL."""
        assert self.process is not None, "not started"
        self.process.kill()
        self.process.wait()


@dataclass
class KafkaServer(Server):
    """A broker; `bootstrap` is `host:port`."""

    bootstrap: str


@dataclass
class ClickHouseServer(Server):
    """A server; `url` is its HTTP address, the database is `footpath`."""

    url: str


def _run(question: Callable[[], Awaitable[bool]]) -> bool:
    """The result, computed in another thread, as the caller may run inside an event loop."""

    async def ask() -> bool:
        return await question()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask()).result()


def broker_command(install: kafka.Install, broker: kafka.Broker) -> list[str]:
    """The argv of a broker that lives as long as this run's do."""
    java, *rest = kafka.command(install, broker)
    return [java, *short_lives.jvm_flags(), *rest]


def start_kafka(directory: Path, **settings: object) -> KafkaServer:
    """A Kafka on free ports with its data in `directory`, started; ``settings`` with _ for the dots of their names."""
    install = kafka.prepare(cache_directory(os.environ), print)
    broker = kafka.Broker(directory, ports.free(), ports.free())
    kafka.prepare_directory(install, broker)
    with broker.properties_file.open("a") as file:
        file.writelines(f"{name.replace('_', '.')}={value}\n" for name, value in settings.items())
    server = KafkaServer(
        argv=broker_command(install, broker),
        log=directory / "kafka.log",
        is_serving=lambda: kafka.is_serving(broker.bootstrap),
        bootstrap=broker.bootstrap,
    )
    server.start()
    return server


def start_clickhouse(directory: Path) -> ClickHouseServer:
    """A ClickHouse on a free port with its data in `directory`, started."""
    clickhouse.prepare()
    directory.mkdir(parents=True, exist_ok=True)
    port = ports.free()
    server = ClickHouseServer(
        argv=clickhouse.command(directory, port),
        log=directory / "clickhouse.log",
        is_serving=lambda: clickhouse.is_serving(clickhouse.url(port)),
        url=clickhouse.url(port),
    )
    server.start()
    return server
