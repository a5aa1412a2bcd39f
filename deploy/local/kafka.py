"""A real single-node Apache Kafka (KRaft) on this machine, durable across restarts and `kill -9`.

`prepare` makes it ready to start (once a machine), `lay_out` makes a data directory ready (once a directory,
and cheap again), `command` is what to run, `answers` says whether it serves.
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
from deploy.local.kafka_exercise import exercise
from deploy.local.kafka_jars import Install, PrepareError, Report
from deploy.local.process import build_die_with_parent

MAIN = "kafka.Kafka"
TRAINING_START_S = 60
TRAINING_STOP_S = 120  # the JVM writes the AOT cache while it exits: 8-15 s on two cores
EXERCISE_S = 12.0


@dataclass(frozen=True)
class Place:
    """Where one broker lives: its directory, the clients' port and the controller's (both on 127.0.0.1)."""

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
    """Fetches the jars and trains the AOT cache where that has not been done; raises `PrepareError`.

    A training that fails is reported and remembered (`….no-aot` beside the cache): Kafka then starts without.
    """
    install = kafka_jars.resolve(cache, report)
    given_up = install.aot_cache.with_suffix(".no-aot")
    if install.aot_cache.exists() or given_up.exists():
        return install
    with kafka_jars.locked(cache):
        if not (install.aot_cache.exists() or given_up.exists()):
            report("training Kafka's fast start (once, half a minute)")
            try:
                train(install)
            except (OSError, TimeoutError, subprocess.SubprocessError) as problem:
                kafka_jars.replace_text(given_up, f"{problem}\n")
                report(f"Kafka will start slowly: no AOT cache ({problem}); delete {given_up} to try again")
    return install


def train(install: Install) -> None:
    """Runs a broker on an empty directory once, gives it work, and keeps the AOT cache that it writes at its exit."""
    part = install.aot_cache.with_suffix(".part")
    directory = Path(tempfile.mkdtemp(prefix="footpath-kafka-"))
    try:
        place = Place(directory, ports.free(), ports.free())
        lay_out(install, place)
        broker = subprocess.Popen(
            install.training_command(part, MAIN, str(place.properties_file)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=build_die_with_parent(),
        )
        try:
            _wait_for(broker, place)
            asyncio.run(exercise(place.bootstrap, EXERCISE_S))
            broker.terminate()
            broker.wait(TRAINING_STOP_S)
        finally:
            broker.kill()
            broker.wait()
        os.replace(part, install.aot_cache)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        part.unlink(missing_ok=True)


def lay_out(install: Install, place: Place) -> None:
    """Writes the broker's settings and, in a new directory, formats its log (all or nothing)."""
    place.directory.mkdir(parents=True, exist_ok=True)
    log = place.directory / "log"
    kafka_jars.replace_text(place.properties_file, properties(place, log))
    if log.exists():
        return
    with tempfile.TemporaryDirectory(prefix="format-", dir=place.directory) as scratch:
        new_log = Path(scratch) / "log"
        settings = Path(scratch) / "server.properties"
        settings.write_text(properties(place, new_log))
        format_command = ("kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(settings))
        subprocess.run(install.command(*format_command), check=True, capture_output=True, text=True)
        os.rename(new_log, log)


def command(install: Install, place: Place) -> list[str]:
    """The argv of a broker on a directory that is laid out; it stops in order on SIGTERM."""
    return install.command(MAIN, str(place.properties_file))


async def answers(bootstrap: str) -> bool:
    """Whether the broker serves metadata and takes part in its cluster (so that it can lead partitions)."""
    from aiokafka.client import AIOKafkaClient
    from aiokafka.errors import KafkaError

    host, _, port = bootstrap.rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=2000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()


def properties(place: Place, log: Path) -> str:
    """The broker's settings. Retention, compaction and partitions are the topics' own."""
    data = f"PLAINTEXT://{ports.LOCALHOST}:{place.port}"
    control = f"CONTROLLER://{ports.LOCALHOST}:{place.controller_port}"
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{ports.LOCALHOST}:{place.controller_port}",
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
        # After kill -9 a start waits until the dead broker's session ends: 9 s by default.
        "broker.session.timeout.ms": 1000,
        "broker.heartbeat.interval.ms": 200,
        # One machine: no reason to wait for more members (3 s by default) or to find a dead one late.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # A worker that died inside a transaction holds up its readers until this sweep (10 s by default).
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
        # 128 MB by default, touched at the start: half of the resident size.
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


def _wait_for(broker: subprocess.Popen[bytes], place: Place) -> None:
    deadline = time.monotonic() + TRAINING_START_S
    while not asyncio.run(answers(place.bootstrap)):
        if broker.poll() is not None:
            raise subprocess.SubprocessError(f"the training broker ended with {broker.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"the training broker did not answer within {TRAINING_START_S} s")
        time.sleep(0.05)


__all__ = ["Install", "Place", "PrepareError", "Report", "answers", "command", "lay_out", "prepare"]
