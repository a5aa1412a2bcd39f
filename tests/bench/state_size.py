"""The cost of one event with 1M people in context's state, divided by its cost with 10,000; RocksDB.

The scans come from people drawn uniformly: with many people nearly every state is read from disk, with few from the
cache.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from schemas.events import TouchpointIdentified
from schemas.topics import SCAN_ROUTED, TOUCHPOINT_IDENTIFIED
from tests.bench import kafka_client, workload
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.kafka_client import Throughput, cpu_note
from tests.bench.workers import fill_context_state, start_context_worker, wait_until_idle, wait_until_open

FEW = 10_000


def measure(environment: BenchEnvironment) -> list[Figure]:
    many = environment.size(1_000_000, 100_000)
    rows = environment.size(60_000, 15_000)
    measured: dict[int, list[Throughput]] = defaultdict(list)
    with ExitStack() as stack:
        clusters = {count: _cluster(environment, stack, count) for count in (FEW, many)}
        for number in range(environment.rounds):
            for count in (FEW, many) if number % 2 == 0 else (many, FEW):
                environment.progress(f"round {number + 1} of {environment.rounds}: {count:,} people")
                measured[count].append(
                    _run(environment, *clusters[count], workload.scans(rows, count, first=number * rows), rows)
                )
    cost = {count: [one.cpu_us for one in of_count] for count, of_count in measured.items()}
    time = {count: [1e6 / one.rows_per_s for one in of_count] for count, of_count in measured.items()}
    title = f"one event with {many:,} people in state to {FEW:,}"
    return [
        Figure(f"{title}, time", "×", [a / b for a, b in zip(time[many], time[FEW], strict=True)], at_most=1.2),
        Figure(f"{title}, CPU", "×", [a / b for a, b in zip(cost[many], cost[FEW], strict=True)], at_most=1.2),
        *(
            Figure(
                f"  context step, {count:,} people", "events/s", [one.rows_per_s for one in found], note=cpu_note(found)
            )
            for count, found in sorted(measured.items())
        ),
    ]


def _cluster(environment: BenchEnvironment, stack: ExitStack, count: int) -> tuple[str, Path]:
    """Bootstrap address of a new Kafka, and the data directory of a worker with the state of so many people."""
    environment.progress(f"writing the state of {count:,} people")
    bootstrap, data = stack.enter_context(environment.kafka()).bootstrap, environment.new_folder("data")
    asyncio.run(fill_context_state(bootstrap, count))
    with start_context_worker(environment, bootstrap, data) as worker:
        wait_until_open(worker)
        wait_until_idle(worker)
        worker.stop()
    return bootstrap, data


def _run(
    environment: BenchEnvironment, bootstrap: str, data: Path, scans: Iterator[TouchpointIdentified], rows: int
) -> Throughput:
    asyncio.run(
        kafka_client.fill_topic(
            bootstrap, TOUCHPOINT_IDENTIFIED.name, kafka_client.by_partition(map(workload.row, scans))
        )
    )
    with start_context_worker(environment, bootstrap, data) as worker:
        throughput = asyncio.run(kafka_client.measure_throughput(bootstrap, SCAN_ROUTED.name, rows, worker))
        worker.stop()
    return throughput
