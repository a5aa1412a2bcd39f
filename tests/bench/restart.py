"""A worker of context starts with 1M people in its state: with its store, after kill -9 with its store, without any.

Ready is when its last partition serves, counted from the start of the process. The rate of a restore is that of the
shell's own restore alone, four partitions side by side as in a worker, into stores that are empty.
"""

import asyncio
import time
from collections.abc import Callable

from processors.shell.changelog import restore
from processors.shell.store import MemoryStore, RocksStore, Store
from schemas.topics import PARTITIONS
from tests.bench.figures import Figure
from tests.bench.ground import Ground, NotMeasured
from tests.bench.workers import context, fill_state, opened


def measure(ground: Ground) -> list[Figure]:
    keys = ground.size(1_000_000, 100_000)
    emptied: list[float] = []
    stopped: list[float] = []
    killed: list[float] = []
    into_rocks: list[float] = []
    into_memory: list[float] = []
    with ground.kafka() as kafka:
        ground.say(f"making {keys:,} people")
        asyncio.run(fill_state(kafka.bootstrap, keys))
        for number in range(ground.rounds):
            ground.say(f"round {number + 1} of {ground.rounds}")
            folder = ground.new_folder("restored")
            into_memory.append(_restore(kafka.bootstrap, keys, lambda number: MemoryStore()))
            into_rocks.append(_restore(kafka.bootstrap, keys, lambda number, at=folder: RocksStore(at / str(number))))
            data = ground.new_folder("data")
            with context(ground, kafka.bootstrap, data) as worker:
                emptied.append(opened(worker))
                worker.stop()
            with context(ground, kafka.bootstrap, data) as worker:
                stopped.append(opened(worker))
                worker.kill()
            with context(ground, kafka.bootstrap, data) as worker:
                killed.append(opened(worker))
                worker.stop()
    title = f"restart with {keys:,} keys"
    return [
        Figure(f"{title}, after a stop", "s", stopped, at_most=5),
        Figure(f"{title}, at once after kill -9", "s", killed, at_most=5, note="the end of its session included"),
        Figure("restore into an empty store, RocksDB", "keys/s", into_rocks, at_least=150_000),
        Figure("restore into memory", "keys/s", into_memory, at_least=150_000),
        Figure(f"  start with {keys:,} keys and an empty store", "s", emptied),
    ]


def _restore(bootstrap: str, keys: int, build: Callable[[int], Store]) -> float:
    """Keys a second of a restore of all partitions."""
    stores = [build(number) for number in range(PARTITIONS)]

    async def all_of_them() -> int:
        return sum(await asyncio.gather(*(restore(bootstrap, "context", n, store) for n, store in enumerate(stores))))

    began = time.perf_counter()
    count = asyncio.run(all_of_them())
    seconds = time.perf_counter() - began
    for store in stores:
        store.close()
    if count < keys:
        raise NotMeasured(f"{count} rows of {keys} were restored")
    return keys / seconds
