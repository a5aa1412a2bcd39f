"""Identity on events with three identifiers: 1M people in the state beside 10,000, in memory and RocksDB; its size.

Each event has a customer number, an e-mail address and a device of one known person, drawn uniformly; in one event of
ten the device is new and has to be linked.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from random import Random

from processors.identity.core import PROCESSOR
from processors.reference import Reference
from processors.shell.reject_limit import RejectLimit
from processors.shell.state.changelog import restore
from processors.shell.state.store import MemoryStore, RocksStore
from processors.shell.task import StreamTask
from schemas.events import IdentitySignalled, TouchpointRecorded
from schemas.ids import derived, person_of
from schemas.kafka.partitioner import partition_of
from schemas.topics import IDENTITY_SIGNALLED, PARTITIONS, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED, changelog
from tests.bench import kafka_client, workload
from tests.bench.baselines.row_batches import Row
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.kafka_client import Throughput, cpu_note
from tests.bench.process import NotMeasured, Process
from tests.bench.workers import start_worker, wait_until_idle, wait_until_open

FEW = 10_000
KINDS = ("customer", "email", "device")
NEW_DEVICE_SHARE = 0.1
STORES = ("memory", "rocksdb")


def measure(environment: BenchEnvironment) -> list[Figure]:
    many = environment.size(1_000_000, 50_000)
    rows = environment.size(60_000, 15_000)
    measured: dict[tuple[str, int], list[Throughput]] = defaultdict(list)
    restored: list[float] = []
    with ExitStack() as stack:
        clusters = {count: _cluster(environment, stack, count) for count in (FEW, many)}
        for number in range(environment.rounds):
            restored.append(_restore(clusters[many][0], environment.new_folder("restored"), many * len(KINDS)))
            for store in STORES:
                for count in (FEW, many) if number % 2 == 0 else (many, FEW):
                    environment.progress(f"round {number + 1} of {environment.rounds}: {count:,} people, {store}")
                    events = _touchpoints(rows, count, number * rows, store)
                    measured[store, count].append(_run(environment, *clusters[count], store, events, rows))
    size = sum(len(key) + len(value) for key, value in _known_person().items())
    return [
        *(figure for store in STORES for figure in _compared(store, many, measured[store, many], measured[store, FEW])),
        Figure(
            "state of a person with three identifiers", "bytes", [size], at_most=1500, note="in memory, keys included"
        ),
        Figure("restore of people into an empty RocksDB", "keys/s", restored, at_least=50_000),
    ]


def _compared(store: str, count: int, many: list[Throughput], few: list[Throughput]) -> list[Figure]:
    cpu_ratios = [a.cpu_us / b.cpu_us for a, b in zip(many, few, strict=True)]
    return [
        Figure(
            f"identity, three identifiers, {count:,} people, {store}",
            "events/s",
            [one.rows_per_s for one in many],
            at_least=8_000,
            note=cpu_note(many),
        ),
        Figure(f"  {FEW:,} people", "events/s", [one.rows_per_s for one in few], note=cpu_note(few)),
        Figure(f"  one event with {count:,} people to {FEW:,}, CPU", "×", cpu_ratios, at_most=1.3),
    ]


def identifiers(person: int) -> tuple[str, ...]:
    """The identifiers of a person by number, the strongest (customer number) first."""
    return tuple(f"{kind}:{derived('bench', kind, str(person)).replace('-', '')}" for kind in KINDS)


def touchpoint(number: int, known: tuple[str, ...], series: str = "") -> TouchpointRecorded:
    """An event with these identifiers; ``series`` distinguishes events with the same number."""
    at = workload.NOON_US + number * 1_000_000
    return TouchpointRecorded(
        event_id=derived("bench touchpoint", series, str(number)),
        type="store_entry",
        occurred_at=at,
        received_at=at,
        source="bench",
        primary_identifier=known[0],
        identifiers=known,
    )


def _touchpoints(count: int, among: int, first: int, series: str) -> Iterator[TouchpointRecorded]:
    random = Random(f"{series} {first}")
    for number in range(first, first + count):
        known = identifiers(random.randrange(among))
        if random.random() < NEW_DEVICE_SHARE:
            known = (*known[:2], f"device:{derived('bench new device', series, str(number)).replace('-', '')}")
        yield touchpoint(number, known, series)


def _known_person() -> dict[bytes, bytes]:
    """The rows of a person with one event, as a stream task writes them after every signal was applied."""
    task = StreamTask(
        PROCESSOR, workload.CODEC, MemoryStore(), 0, reject_limit=RejectLimit(1), publish=lambda effect: None
    )
    records = [workload.record(0, touchpoint(0, identifiers(0)))]
    topic, reference = TOUCHPOINT_RECORDED.name, Reference(workload.demo_brand())
    while records:
        task.process(topic, records, reference)
        signals = [effect.event for effect in task.take_transactional() if isinstance(effect.event, IdentitySignalled)]
        records = [workload.record(number, signal) for number, signal in enumerate(signals)]
        topic = IDENTITY_SIGNALLED.name
    return task.take_changed_rows()


def _cluster(environment: BenchEnvironment, stack: ExitStack, count: int) -> tuple[str, Path]:
    """Bootstrap address of a new Kafka, and the data directory of a worker with the state of so many people.

    The rows are those of one person with other identifiers and ids, which are all equally long.
    """
    environment.progress(f"writing the state of {count:,} people")
    bootstrap, data = stack.enter_context(environment.kafka()).bootstrap, environment.new_folder("data")
    first = _ids(0)
    template = [(key, value) for key, value in _known_person().items()]
    partitions: list[list[Row]] = [[] for _ in range(PARTITIONS)]
    for number in range(count):
        replacements = list(zip(first, _ids(number), strict=True))
        for key, value in template:
            for old, new in replacements:
                key, value = key.replace(old, new), value.replace(old, new)
            partitions[partition_of(key.decode(), PARTITIONS)].append((key, value, []))
    asyncio.run(kafka_client.fill_topic(bootstrap, changelog(PROCESSOR.name), partitions))
    with _worker(environment, bootstrap, data) as worker:
        wait_until_open(worker)
        wait_until_idle(worker)
        worker.stop()
    return bootstrap, data


def _ids(person: int) -> list[bytes]:
    """The identifiers of a person, then the source profiles of each."""
    known = identifiers(person)
    return [text.encode() for text in (*known, *map(person_of, known))]


def _restore(bootstrap: str, folder: Path, keys: int) -> float:
    """Keys per second, all partitions concurrently as in a worker."""

    async def restore_all() -> float:
        stores = [RocksStore(folder / str(number)) for number in range(PARTITIONS)]
        began = time.perf_counter()
        try:
            restores = (restore(bootstrap, PROCESSOR.name, number, store) for number, store in enumerate(stores))
            count = sum(await asyncio.gather(*restores))
            seconds = time.perf_counter() - began
        finally:
            for store in stores:
                store.close()
        if count < keys:
            raise NotMeasured(f"{count} of {keys} keys were restored")
        return count / seconds

    return asyncio.run(restore_all())


def _run(
    environment: BenchEnvironment,
    bootstrap: str,
    data: Path,
    store: str,
    events: Iterator[TouchpointRecorded],
    rows: int,
) -> Throughput:
    asyncio.run(
        kafka_client.fill_topic(
            bootstrap, TOUCHPOINT_RECORDED.name, kafka_client.by_partition(map(workload.row, events))
        )
    )
    with _worker(environment, bootstrap, data, store) as worker:
        signals = [IDENTITY_SIGNALLED.name]
        throughput = asyncio.run(
            kafka_client.measure_throughput(bootstrap, TOUCHPOINT_IDENTIFIED.name, rows, worker, follow_up=signals)
        )
        worker.stop()
    return throughput


def _worker(
    environment: BenchEnvironment, bootstrap: str, data: Path, store: str = "rocksdb"
) -> AbstractContextManager[Process]:
    return start_worker(environment, bootstrap, data, PROCESSOR.name, PROCESSOR.name, store=store)
