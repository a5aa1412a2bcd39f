"""The stack's children: their command lines, their environment, and when each counts as started."""

import asyncio
import os
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import clickhouse, kafka
from deploy.local.data import Data
from deploy.local.supervisor import Child

# Identity and context share a process: what a phone waits for goes from one to the other without a way over Kafka.
WORKERS = (("identity", "context"), ("rewards", "likeness"))
# The embedded Kafka allows shorter sessions than a cluster does, so what was killed is replaced sooner.
SHORT_SESSIONS = {
    "FOOTPATH_WORKER_SESSION_TIMEOUT_MS": "2000",
    "FOOTPATH_WORKER_HEARTBEAT_INTERVAL_MS": "500",
    "FOOTPATH_SINK_SESSION_TIMEOUT_MS": "2000",
}
HEALTH_TIMEOUT_S = 2.0
# Phones wait for Kafka, the gateway, identity and context. Nobody notices when the others come a moment later.
UNHURRIED = frozenset({"clickhouse", "rewards", "sink", "shoppers"})
UNHURRIED_NICENESS = 10


@dataclass(frozen=True)
class Addresses:
    """Where the stack's parts listen: Kafka as `host:port`, ClickHouse and the gateway as URLs."""

    kafka: str
    kafka_is_ours: bool
    clickhouse: str
    gateway: str
    gateway_host: str
    gateway_port: int


def build_kafka(install: kafka.Install, place: kafka.Place, data: Data) -> Child:
    return Child(
        name="kafka",
        argv=tuple(kafka.command(install, place)),
        env=os.environ,
        ready=lambda: kafka.answers(place.bootstrap),
        log=data.log("kafka"),
        stop_timeout_s=30,
        writes_to=data.kafka,
    )


def build_clickhouse(port: int, data: Data) -> Child:
    return Child(
        name="clickhouse",
        argv=tuple(clickhouse.command(data.clickhouse, port)),
        env=os.environ,
        ready=lambda: clickhouse.answers(clickhouse.url(port)),
        log=data.log("clickhouse"),
        stop_timeout_s=20,
        niceness=_niceness("clickhouse"),
        writes_to=data.clickhouse,
    )


def build_processes(addresses: Addresses, brand: Path, workers: int, data: Data) -> tuple[Child, ...]:
    """Workers, sink and gateway: each counts as started when the gateway says that the stream answers."""

    def build(name: str, *command: str) -> Child:
        return Child(
            name=name,
            argv=_footpath(*command),
            env=_environment(addresses, brand, data),
            ready=lambda: _is_healthy(addresses.gateway),
            log=data.log(name),
            stop_timeout_s=15,
            niceness=_niceness(name),
        )

    return (
        *(build(names[0], "worker", *processors, "--name", names[0]) for processors, names in worker_names(workers)),
        build("sink", "sink"),
        build("gateway", "gateway"),
    )


def build_shoppers(addresses: Addresses, brand: Path, count: int, data: Data) -> Child:
    async def is_ready() -> bool:
        return True

    return Child(
        name="shoppers",
        argv=_footpath("shoppers", "--count", str(count)),
        env=_environment(addresses, brand, data),
        ready=is_ready,
        log=data.log("shoppers"),
        stop_timeout_s=5,
        niceness=_niceness("shoppers"),
    )


def worker_names(workers: int) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(processors, their names) of each worker: identity and context, identity-2 and context-2 …; the first is the
    process's own."""
    return [
        (processors, tuple(name if number == 1 else f"{name}-{number}" for name in processors))
        for processors in WORKERS
        for number in range(1, workers + 1)
    ]


def by_processor(pids: Mapping[str, int], workers: int) -> dict[str, int]:
    """The pids of all processes by every name that something in them has."""
    others = {name: names[0] for _, names in worker_names(workers) for name in names[1:]}
    return {**pids, **{name: pids[process] for name, process in others.items() if process in pids}}


def stop_order(workers: int) -> tuple[tuple[str, ...], ...]:
    """From the street to the store: whoever still has something to hand on stops before who takes it."""
    names = tuple(names[0] for _, names in worker_names(workers))
    return (("shoppers",), ("gateway",), names, ("sink",), ("kafka",), ("clickhouse",))


def _niceness(name: str) -> int:
    """Of a process by its name, which ends with a number when there are several."""
    return UNHURRIED_NICENESS if name.partition("-")[0] in UNHURRIED else 0


def _footpath(*command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "deploy.cli", *command)


def _environment(addresses: Addresses, brand: Path, data: Data) -> dict[str, str]:
    return {
        **(SHORT_SESSIONS if addresses.kafka_is_ours else {}),
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "FOOTPATH_KAFKA": addresses.kafka,
        "FOOTPATH_CLICKHOUSE": addresses.clickhouse,
        "FOOTPATH_DATA": str(data.root),
        "FOOTPATH_BRAND": str(brand),
        "FOOTPATH_GATEWAY": addresses.gateway,
        "FOOTPATH_GATEWAY_HOST": addresses.gateway_host,
        "FOOTPATH_GATEWAY_PORT": str(addresses.gateway_port),
        "FOOTPATH_GATEWAY_SPOOL": str(data.spool),
        "FOOTPATH_IDENTIFIER_KEY_FILE": str(data.identifier_key),
        "FOOTPATH_API_KEY_FILE": str(data.api_key),
    }


async def _is_healthy(gateway: str) -> bool:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(f"{gateway}/health/ready", timeout=HEALTH_TIMEOUT_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    return await asyncio.to_thread(ask)
