"""A worker of context starts with 1M people in its state: with its store, after kill -9 with its store, without any.

A worker is ready when its last partition is open; the time counts from the start of the process. The restore rate is
that of the shell's `restore` alone, into empty stores, all partitions concurrently as in a worker.
"""

import asyncio
import time
from collections.abc import Sequence

from processors.shell.state.changelog import restore
from processors.shell.state.store import MemoryStore, RocksStore, Store
from schemas.topics import PARTITIONS
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.process import NotMeasured
from tests.bench.workers import fill_context_state, start_context_worker, wait_until_open


def measure(environment: BenchEnvironment) -> list[Figure]:
    keys = environment.size(1_000_000, 100_000)
    without_store: list[float] = []
    stopped: list[float] = []
    killed: list[float] = []
    into_rocks: list[float] = []
    into_memory: list[float] = []
    with environment.kafka() as kafka:
        environment.progress(f"writing the state of {keys:,} people")
        asyncio.run(fill_context_state(kafka.bootstrap, keys))
        for number in range(environment.rounds):
            environment.progress(f"round {number + 1} of {environment.rounds}")
            folder = environment.new_folder("restored")
            into_memory.append(_restore(kafka.bootstrap, keys, [MemoryStore() for _ in range(PARTITIONS)]))
            rocks_stores = [RocksStore(folder / str(number)) for number in range(PARTITIONS)]
            into_rocks.append(_restore(kafka.bootstrap, keys, rocks_stores))
            data = environment.new_folder("data")
            with start_context_worker(environment, kafka.bootstrap, data) as worker:
                without_store.append(wait_until_open(worker))
                worker.stop()
            with start_context_worker(environment, kafka.bootstrap, data) as worker:
                stopped.append(wait_until_open(worker))
                worker.kill()
            with start_context_worker(environment, kafka.bootstrap, data) as worker:
                killed.append(wait_until_open(worker))
                worker.stop()
    title = f"restart with {keys:,} keys"
    return [
        Figure(f"{title}, after a stop", "s", stopped, at_most=5),
        Figure(f"{title}, immediately after kill -9", "s", killed, at_most=5, note="includes the end of its session"),
        Figure("restore into an empty store, RocksDB", "keys/s", into_rocks, at_least=150_000),
        Figure("restore into memory", "keys/s", into_memory, at_least=150_000),
        Figure(f"  start with {keys:,} keys and an empty store", "s", without_store),
    ]


def _restore(bootstrap: str, keys: int, stores: Sequence[Store]) -> float:
    """Keys per second of a restore of all partitions into empty stores, which are closed afterwards."""

    async def restore_all() -> int:
        return sum(await asyncio.gather(*(restore(bootstrap, "context", n, store) for n, store in enumerate(stores))))

    began = time.perf_counter()
    count = asyncio.run(restore_all())
    seconds = time.perf_counter() - began
    for store in stores:
        store.close()
    if count < keys:
        raise NotMeasured(f"{count} rows of {keys} were restored")
    return keys / seconds
