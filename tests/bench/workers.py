"""Workers of context on a Kafka of their own, and state for them that nobody had to earn event by event."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from deploy.local.children import SHORT_SESSIONS
from processors.context.core import PROCESSOR
from processors.shell.desk import Desk
from processors.shell.store import MemoryStore
from processors.world import World
from schemas.ids import partition_of, person_of
from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, changelog
from tests.bench import people, stream
from tests.bench.contenders.sending import Row
from tests.bench.ground import Ground, Process
from tests.bench.machine import cpu_s

START_S = 120.0
SETTLED_WITHIN_S = 120.0
LOOK_S = 1.0
IDLE_CPU_S = 0.25
EARLIER = 3
"""Scans of each person before the bench."""


@contextmanager
def working(
    ground: Ground, bootstrap: str, data: Path, processor: str, name: str, **settings: str
) -> Iterator[Process]:
    """A worker with the sessions of the embedded stack; ``settings`` are variables without FOOTPATH_WORKER_."""
    env = {
        **SHORT_SESSIONS,
        "FOOTPATH_KAFKA": bootstrap,
        "FOOTPATH_DATA": str(data),
        **{f"FOOTPATH_WORKER_{key.upper()}": value for key, value in settings.items()},
    }
    with ground.process("worker", "deploy.cli", "worker", processor, "--name", name, env=env) as process:
        yield process


def context(
    ground: Ground, bootstrap: str, data: Path, name: str = "context", **settings: str
) -> AbstractContextManager[Process]:
    """The same of context."""
    return working(ground, bootstrap, data, "context", name, **settings)


def opened(worker: Process, partitions: int = PARTITIONS) -> float:
    """Waits until the worker serves so many partitions; seconds from its start to the last of them."""

    def times() -> list[float]:
        lines = (json.loads(line) for line in worker.log.splitlines() if '"partition open"' in line)
        first: dict[int, float] = {}
        for line in lines:
            first.setdefault(line["partition"], line["time"])
        return sorted(first.values()) if len(first) >= partitions else []

    return worker.wait_for(times, START_S)[partitions - 1] - worker.began


def settled(worker: Process) -> None:
    """Waits until RocksDB has put the files of a restore in order, which would be counted as work on events."""
    spent = 0.0

    def rests() -> bool:
        nonlocal spent
        before, spent = spent, cpu_s(worker.pid)
        return spent - before < IDLE_CPU_S

    worker.wait_for(rests, SETTLED_WITHIN_S, LOOK_S)


async def fill_state(bootstrap: str, count: int) -> None:
    """A visitor of some scans for so many people, as rows of context's changelog."""
    key, kept = _known()
    partitions: list[list[Row]] = [[] for _ in range(PARTITIONS)]
    for number in range(count):
        person = person_of(people.anchor(number))
        row: Row = (person.encode(), kept.replace(key, person.encode()), [])
        partitions[partition_of(person, PARTITIONS)].append(row)
    await stream.fill(bootstrap, changelog("context"), partitions)


def _known() -> tuple[bytes, bytes]:
    """The row of somebody who scanned some tags, as the desk itself makes it; all person ids are equally long."""
    brand = people.demo_brand()
    tags = list(brand.tags.values())
    events = [people.scan(-number, 0, tags[number], brand.about.id) for number in range(1, EARLIER + 1)]
    desk = Desk(PROCESSOR, people.CODEC, MemoryStore(), 0, reject_limit=1, publish=lambda event, partition: None)
    records = [people.Record(number, *people.row(event)[1][:2]) for number, event in enumerate(events)]
    desk.take(TOUCHPOINT_IDENTIFIED.name, records, World(brand))
    ((key, kept),) = desk.take_dirty().items()
    return key, kept
