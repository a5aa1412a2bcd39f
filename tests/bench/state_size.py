"""What one event costs with 1M people in context's state, to what it costs with 10,000; RocksDB.

The scans come from people drawn from all that there are, so that nearly each of them finds its state on disk when there
are many, and at hand when there are few.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from schemas.events import TouchpointIdentified
from schemas.topics import SCAN_ROUTED, TOUCHPOINT_IDENTIFIED
from tests.bench import people, stream
from tests.bench.figures import Figure
from tests.bench.ground import Ground
from tests.bench.stream import Pace, cpu_note
from tests.bench.workers import context, fill_state, opened, settled

FEW = 10_000


def measure(ground: Ground) -> list[Figure]:
    many = ground.size(1_000_000, 100_000)
    rows = ground.size(60_000, 15_000)
    paces: dict[int, list[Pace]] = defaultdict(list)
    with ExitStack() as stack:
        towns = {count: _town(ground, stack, count) for count in (FEW, many)}
        for number in range(ground.rounds):
            for count in (FEW, many) if number % 2 == 0 else (many, FEW):
                ground.say(f"round {number + 1} of {ground.rounds}: {count:,} people")
                paces[count].append(_run(ground, *towns[count], people.scans(rows, count, first=number * rows), rows))
    cost = {count: [pace.cpu_us for pace in of_count] for count, of_count in paces.items()}
    time = {count: [1e6 / pace.rows_per_s for pace in of_count] for count, of_count in paces.items()}
    title = f"one event with {many:,} people in state to {FEW:,}"
    return [
        Figure(f"{title}, time", "×", [a / b for a, b in zip(time[many], time[FEW], strict=True)], at_most=1.2),
        Figure(f"{title}, CPU", "×", [a / b for a, b in zip(cost[many], cost[FEW], strict=True)], at_most=1.2),
        *(
            Figure(f"  context step, {count:,} people", "events/s", [p.rows_per_s for p in found], note=cpu_note(found))
            for count, found in sorted(paces.items())
        ),
    ]


def _town(ground: Ground, stack: ExitStack, count: int) -> tuple[str, Path]:
    """A Kafka and a folder of stores in which so many people are known."""
    ground.say(f"making {count:,} people")
    bootstrap, data = stack.enter_context(ground.kafka()).bootstrap, ground.new_folder("data")
    asyncio.run(fill_state(bootstrap, count))
    with context(ground, bootstrap, data) as worker:
        opened(worker)
        settled(worker)
        worker.stop()
    return bootstrap, data


def _run(ground: Ground, bootstrap: str, data: Path, scans: Iterator[TouchpointIdentified], rows: int) -> Pace:
    asyncio.run(stream.fill(bootstrap, TOUCHPOINT_IDENTIFIED.name, stream.spread(map(people.row, scans))))
    with context(ground, bootstrap, data) as worker:
        pace = asyncio.run(stream.pace(bootstrap, SCAN_ROUTED.name, rows, worker))
        worker.stop()
    return pace
