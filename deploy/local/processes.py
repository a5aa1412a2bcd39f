"""The child processes of the stack: command line, environment, and the condition under which each counts as started."""

import asyncio
import os
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import clickhouse, kafka, ports
from deploy.local.data import DataDirectory
from deploy.local.supervisor import Child
from processors.registry import BACKGROUND, INTERACTIVE
from schemas.kafka.client_settings import Kafka
from sinks.clickhouse.store_settings import PASSWORD_FILE, USER, StoreSettings

WORKERS = (INTERACTIVE, BACKGROUND)
"""The processors of each worker process. Interactive ones share one: records that a scan waits for pass between them
by local delivery."""
# The embedded Kafka allows shorter sessions than a cluster, so partitions of a killed process are reassigned sooner.
SESSION_SETTINGS = {
    "FOOTPATH_WORKER_SESSION_TIMEOUT_MS": "2000",
    "FOOTPATH_WORKER_HEARTBEAT_INTERVAL_MS": "500",
    "FOOTPATH_SINK_SESSION_TIMEOUT_MS": "2000",
}
# Beside an import a worker of low priority may get no CPU for seconds. Each time it lost its partitions for that, it
# read their state anew and fell further behind; no phone waits for it.
BACKGROUND_SESSION_SETTINGS = SESSION_SETTINGS | {
    "FOOTPATH_WORKER_SESSION_TIMEOUT_MS": "10000",
    "FOOTPATH_WORKER_HEARTBEAT_INTERVAL_MS": "1000",
}
HEALTH_TIMEOUT_S = 2.0
# A scan waits for Kafka, the gateway and the interactive processors. The other processes run at a lower priority.
LOW_PRIORITY = frozenset({"clickhouse", BACKGROUND[0], "sink", "shoppers"})
LOW_PRIORITY_NICE = 10


@dataclass(frozen=True)
class Addresses:
    """Addresses of the stack: Kafka with its settings, ClickHouse and the gateway as URLs.

    ``kafka_is_embedded``: Kafka is a child of this stack and not an external cluster. ``metrics_ports``: those of
    workers and sink, by name of the process.
    """

    kafka: Kafka
    kafka_is_embedded: bool
    clickhouse: StoreSettings
    gateway: str
    gateway_host: str
    gateway_port: int
    metrics_ports: Mapping[str, int]

    @property
    def metrics(self) -> dict[str, str]:
        """Where each process serves its metrics."""
        own = {name: f"http://{ports.LOCALHOST}:{port}/metrics" for name, port in self.metrics_ports.items()}
        return own | {"gateway": f"{self.gateway}/metrics"}


def build_kafka(install: kafka.Install, place: kafka.Broker, data: DataDirectory) -> Child:
    return Child(
        name="kafka",
        argv=tuple(kafka.command(install, place)),
        env=os.environ,
        ready=lambda: kafka.is_serving(place.bootstrap),
        log=data.log("kafka"),
        stop_timeout_s=30,
        writes_to=data.kafka,
    )


def build_clickhouse(port: int, data: DataDirectory) -> Child:
    return Child(
        name="clickhouse",
        argv=tuple(clickhouse.command(data.clickhouse, port, data.clickhouse_password)),
        env=os.environ,
        ready=lambda: clickhouse.is_serving(clickhouse.url(port)),
        log=data.log("clickhouse"),
        stop_timeout_s=20,
        nice=_nice("clickhouse"),
        writes_to=data.clickhouse,
    )


def build_processes(addresses: Addresses, brand: Path, workers: int, data: DataDirectory) -> tuple[Child, ...]:
    """Workers, sink and gateway; each counts as started when the gateway is ready, which needs an answer of the stream.

    :param workers: number of worker processes for each processor.
    """

    def build(name: str, *command: str) -> Child:
        return Child(
            name=name,
            argv=_footpath(*command),
            env=_environment(addresses, brand, data, name),
            ready=lambda: _is_healthy(addresses.gateway),
            log=data.log(name),
            stop_timeout_s=15,
            nice=_nice(name),
        )

    return (
        *(build(names[0], "worker", *processors, "--name", names[0]) for processors, names in worker_names(workers)),
        build("sink", "sink"),
        build("gateway", "gateway"),
    )


def build_shoppers(addresses: Addresses, brand: Path, count: int, data: DataDirectory) -> Child:
    async def is_ready() -> bool:
        return True

    return Child(
        name="shoppers",
        argv=_footpath("shoppers", "--count", str(count)),
        env=_environment(addresses, brand, data),
        ready=is_ready,
        log=data.log("shoppers"),
        stop_timeout_s=5,
        nice=_nice("shoppers"),
    )


def worker_names(workers: int) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(processors, their instance names) of each worker: identity and context, identity-2 and context-2 …

    The first instance name is the name of the process.
    """
    return [
        (processors, tuple(name if number == 1 else f"{name}-{number}" for name in processors))
        for processors in WORKERS
        for number in range(1, workers + 1)
    ]


def pids_by_processor(pids: Mapping[str, int], workers: int) -> dict[str, int]:
    """The pids by instance name of a processor: of those that share a process each has its pid. Other names stay."""
    others = {name: names[0] for _, names in worker_names(workers) for name in names[1:]}
    return {**pids, **{name: pids[process] for name, process in others.items() if process in pids}}


def metrics_ports(workers: int) -> dict[str, int]:
    """A free port for the metrics of each worker and of the sink, whose own setting counts."""
    sink = os.environ.get("FOOTPATH_SINK_METRICS_PORT", "")
    found = {names[0]: ports.free() for _, names in worker_names(workers)}
    return found | {"sink": int(sink) if sink.isdecimal() and int(sink) else ports.free()}


def stop_order(workers: int) -> tuple[tuple[str, ...], ...]:
    """Groups of names in the order of their stop: a process that sends stops before the process that receives."""
    names = tuple(names[0] for _, names in worker_names(workers))
    return (("shoppers",), ("gateway",), names, ("sink",), ("kafka",), ("clickhouse",))


def _nice(name: str) -> int:
    """Nice level of a process; its name may end with the number of the worker."""
    return LOW_PRIORITY_NICE if name.partition("-")[0] in LOW_PRIORITY else 0


def _footpath(*command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "deploy.cli.main", *command)


def _environment(addresses: Addresses, brand: Path, data: DataDirectory, name: str = "") -> dict[str, str]:
    sessions = BACKGROUND_SESSION_SETTINGS if name.partition("-")[0] == BACKGROUND[0] else SESSION_SETTINGS
    return {
        **(sessions if addresses.kafka_is_embedded else {}),
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "FOOTPATH_KAFKA": str(addresses.kafka),
        **_clickhouse_settings(addresses.clickhouse),
        "FOOTPATH_DATA": str(data.root),
        "FOOTPATH_BRAND": str(brand),
        "FOOTPATH_GATEWAY": addresses.gateway,
        "FOOTPATH_GATEWAY_HOST": addresses.gateway_host,
        "FOOTPATH_GATEWAY_PORT": str(addresses.gateway_port),
        "FOOTPATH_GATEWAY_SPOOL": str(data.spool),
        "FOOTPATH_GATEWAY_PUBLIC_PROBES": "1",
        "FOOTPATH_IDENTIFIER_KEY_FILE": str(data.identifier_key),
        "FOOTPATH_REJECT_KEY_FILE": str(data.reject_keys),
        "FOOTPATH_CONTACT_KEY_FILE": str(data.contact_keys),
        "FOOTPATH_TAG_KEY_FILE": str(data.tag_keys),
        "FOOTPATH_COUPON_KEY_FILE": str(data.coupon_keys),
        "FOOTPATH_API_KEY_FILE": str(data.api_key),
        **_metrics_setting(addresses, name),
    }


def _clickhouse_settings(store: StoreSettings) -> dict[str, str]:
    owner = {}
    if store.password_file is not None:
        owner = {USER.name: store.user, PASSWORD_FILE.name: str(store.password_file)}
    return {"FOOTPATH_CLICKHOUSE": store.given, **owner}


def _metrics_setting(addresses: Addresses, name: str) -> dict[str, str]:
    if (port := addresses.metrics_ports.get(name)) is None:
        return {}
    return {f"FOOTPATH_{'SINK' if name == 'sink' else 'WORKER'}_METRICS_PORT": str(port)}


async def _is_healthy(gateway: str) -> bool:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(f"{gateway}/health/stream", timeout=HEALTH_TIMEOUT_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    return await asyncio.to_thread(ask)
