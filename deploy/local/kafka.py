"""A real single-node Apache Kafka (KRaft) on this machine, durable across restarts and `kill -9`.

`prepare` fetches the jars and trains the AOT cache (once a machine), `prepare_directory` formats a data directory (once
a directory, cheap to repeat), `command` returns the argv of the broker, `is_serving` checks that it answers.
"""

import asyncio
import base64
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from deploy.local import kafka_jars, ports
from deploy.local.child_setup import build_die_with_parent
from deploy.local.kafka_jars import Install, PrepareError, Report
from deploy.local.kafka_training import run_workload
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka

MAIN = "kafka.Kafka"
TRAINING_START_S = 60
TRAINING_STOP_S = 120  # the JVM writes the AOT cache while it exits: 8-15 s on two cores
WORKLOAD_S = 12.0


@dataclass(frozen=True)
class Broker:
    """Directory of one broker and its two ports on 127.0.0.1: for clients and for the controller."""

    directory: Path
    port: int
    controller_port: int

    @property
    def bootstrap(self) -> str:
        return f"{ports.LOCALHOST}:{self.port}"

    @property
    def properties_file(self) -> Path:
        return self.directory / "server.properties"


def prepare(cache: Path, report: Report) -> Install:
    """Fetches the jars and trains the AOT cache unless both exist; blocks; raises `PrepareError`.

    A failed training is reported and recorded in a file `….no-aot` beside the cache; Kafka then starts without a cache.
    """
    install = kafka_jars.resolve(cache, report)
    failed = install.aot_cache.with_suffix(".no-aot")
    if install.aot_cache.exists() or failed.exists():
        return install
    with kafka_jars.locked(cache):
        if not (install.aot_cache.exists() or failed.exists()):
            report("training Kafka's AOT cache for fast starts (once, half a minute)")
            try:
                train(install)
            except (OSError, TimeoutError, subprocess.SubprocessError) as problem:
                kafka_jars.replace_text(failed, f"{problem}\n")
                report(f"Kafka will start slowly: no AOT cache ({problem}); delete {failed} to try again")
    return install


def train(install: Install) -> None:
    """Runs a broker on an empty directory under a workload and keeps the AOT cache that it writes when it exits."""
    part = install.aot_cache.with_suffix(".part")
    directory = Path(tempfile.mkdtemp(prefix="footpath-kafka-"))
    try:
        broker = Broker(directory, ports.free(), ports.free())
        prepare_directory(install, broker)
        process = subprocess.Popen(
            install.training_command(part, MAIN, str(broker.properties_file)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=build_die_with_parent(),
        )
        try:
            _wait_until_serving(process, broker)
            asyncio.run(run_workload(broker.bootstrap, WORKLOAD_S))
            process.terminate()
            process.wait(TRAINING_STOP_S)
        finally:
            process.kill()
            process.wait()
        os.replace(part, install.aot_cache)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        part.unlink(missing_ok=True)


def prepare_directory(install: Install, broker: Broker) -> None:
    """Writes the broker's settings and, in a new directory, formats its log atomically."""
    broker.directory.mkdir(parents=True, exist_ok=True)
    log = broker.directory / "log"
    kafka_jars.replace_text(broker.properties_file, properties(broker, log))
    if log.exists():
        return
    with tempfile.TemporaryDirectory(prefix="format-", dir=broker.directory) as scratch:
        new_log = Path(scratch) / "log"
        settings = Path(scratch) / "server.properties"
        settings.write_text(properties(broker, new_log))
        format_command = ("kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(settings))
        subprocess.run(install.command(*format_command), check=True, capture_output=True, text=True)
        os.rename(new_log, log)


def command(install: Install, broker: Broker) -> list[str]:
    """The argv of a broker on a prepared directory; SIGTERM stops it in order."""
    return install.command(MAIN, str(broker.properties_file))


async def is_serving(bootstrap: Kafka) -> bool:
    """Whether the broker serves metadata and has joined its cluster, so that it can lead partitions."""
    from aiokafka.client import AIOKafkaClient
    from aiokafka.errors import KafkaError

    host, _, port = str(bootstrap).rpartition(":")
    if "," not in host:  # one broker: cheaper to ask than by a client
        try:
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            return False
        writer.close()
    client = AIOKafkaClient(**client_options(bootstrap), request_timeout_ms=2000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()


def properties(broker: Broker, log: Path) -> str:
    """The broker's server.properties. Retention, compaction and partition counts are settings of the topics."""
    data = f"PLAINTEXT://{ports.LOCALHOST}:{broker.port}"
    control = f"CONTROLLER://{ports.LOCALHOST}:{broker.controller_port}"
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{ports.LOCALHOST}:{broker.controller_port}",
        "listeners": f"{data},{control}",
        "advertised.listeners": data,
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": log,
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 8,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # After kill -9 a start waits until the session of the dead broker ends: 9 s by default.
        "broker.session.timeout.ms": 1000,
        "broker.heartbeat.interval.ms": 200,
        # On one machine a group need not wait for further members (3 s by default), and a dead one is found early.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # A transaction of a worker that died blocks read-committed consumers until this sweep (10 s by default).
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
        # 128 MB by default, all touched at the start: half of the resident memory.
        "log.cleaner.dedupe.buffer.size": 8_388_608,
        "num.network.threads": 1,
        "num.io.threads": 2,
        "background.threads": 2,
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _cluster_id() -> str:
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):  # the storage tool would read it as an option
            return text


def _wait_until_serving(process: subprocess.Popen[bytes], broker: Broker) -> None:
    deadline = time.monotonic() + TRAINING_START_S
    while not asyncio.run(is_serving(broker.bootstrap)):
        if process.poll() is not None:
            raise subprocess.SubprocessError(f"the training broker ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"the training broker did not answer within {TRAINING_START_S} s")
        time.sleep(0.05)


__all__ = ["Broker", "Install", "PrepareError", "Report", "command", "is_serving", "prepare", "prepare_directory"]
