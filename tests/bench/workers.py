"""Real workers on a bench's own Kafka, and a prepared state of context for any number of people."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from deploy.local.processes import SESSION_SETTINGS
from processors.context.core import PROCESSOR
from processors.reference import Reference
from processors.shell.reject_limit import RejectLimit
from processors.shell.state.store import MemoryStore
from processors.shell.task import StreamTask
from schemas.ids import person_of
from schemas.kafka.partitioner import partition_of
from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, changelog
from tests.bench import kafka_client, workload
from tests.bench.baselines.row_batches import Row
from tests.bench.environment import BenchEnvironment
from tests.bench.machine import cpu_s
from tests.bench.process import Process

START_S = 120.0
IDLE_WITHIN_S = 120.0
POLL_S = 1.0
IDLE_CPU_S = 0.25
"""CPU time between two polls below which a worker is idle."""
SCANS_BEFORE = 3
"""Scans in the prepared state of each person."""


@contextmanager
def start_worker(
    environment: BenchEnvironment, bootstrap: str, data: Path, processor: str, name: str, **settings: str
) -> Iterator[Process]:
    """A worker with the session settings of the embedded stack; ``settings`` are variables without FOOTPATH_WORKER_."""
    env = {
        **SESSION_SETTINGS,
        "FOOTPATH_KAFKA": bootstrap,
        "FOOTPATH_DATA": str(data),
        **{f"FOOTPATH_WORKER_{key.upper()}": value for key, value in settings.items()},
    }
    with environment.process("worker", "deploy.cli.main", "worker", processor, "--name", name, env=env) as process:
        yield process


def start_context_worker(
    environment: BenchEnvironment, bootstrap: str, data: Path, name: str = "context", **settings: str
) -> AbstractContextManager[Process]:
    return start_worker(environment, bootstrap, data, "context", name, **settings)


def wait_until_open(worker: Process, partitions: int = PARTITIONS) -> float:
    """Waits until the worker serves so many partitions; seconds from its start to the last of them."""

    def open_times() -> list[float]:
        lines = (json.loads(line) for line in worker.log.splitlines() if '"partition open"' in line)
        first: dict[int, float] = {}
        for line in lines:
            first.setdefault(line["partition"], datetime.fromisoformat(line["time"]).timestamp())
        return sorted(first.values()) if len(first) >= partitions else []

    return worker.wait_for(open_times, START_S)[partitions - 1] - worker.began


def wait_until_idle(worker: Process) -> None:
    """Waits until RocksDB has compacted the files of a restore: that work would be counted as work on events."""
    spent = 0.0

    def is_idle() -> bool:
        nonlocal spent
        before, spent = spent, cpu_s(worker.pid)
        return spent - before < IDLE_CPU_S

    worker.wait_for(is_idle, IDLE_WITHIN_S, POLL_S)


async def fill_context_state(bootstrap: str, people: int) -> None:
    """Writes rows of context's changelog: a visitor with some scans for each person."""
    known_key, value = _visitor_row()
    partitions: list[list[Row]] = [[] for _ in range(PARTITIONS)]
    for number in range(people):
        person = person_of(workload.primary_identifier(number))
        row: Row = (person.encode(), value.replace(known_key, person.encode()), [])
        partitions[partition_of(person, PARTITIONS)].append(row)
    await kafka_client.fill_topic(bootstrap, changelog("context"), partitions)


def _visitor_row() -> tuple[bytes, bytes]:
    """Key and value of a person with some scans, as a stream task writes them; all person ids are equally long."""
    brand = workload.demo_brand()
    tags = list(brand.tags.values())
    events = [workload.scan(-number, 0, tags[number], brand.about.id) for number in range(1, SCANS_BEFORE + 1)]
    task = StreamTask(
        PROCESSOR, workload.CODEC, MemoryStore(), 0, reject_limit=RejectLimit(1), publish=lambda effect: None
    )
    records = [workload.record(number, event) for number, event in enumerate(events)]
    task.process(TOUCHPOINT_IDENTIFIED.name, records, Reference(brand))
    ((key, value),) = task.take_changed_rows().items()
    return key, value
