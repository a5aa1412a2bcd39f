"""When a worker's garbage collector runs: while the worker is idle, and hardly ever otherwise.

Events and states contain no reference cycles, but by default Python searches for cycles after every few hundred new
objects. With a batch of records and the cached states in memory a search has much to visit: a phone whose scan arrives
at that moment waits 20-100 ms.
"""

import asyncio
import gc
from collections.abc import Callable

GC_AFTER = 1_000_000
"""New objects after which Python searches all the same, in a worker that is never idle."""
COLLECT_EVERY_S = 10.0
"""Connections, tasks and timeouts leave few cycles behind in this time: a search of them takes 1 to 10 ms."""


def collect_rarely() -> None:
    """Raises the collector's threshold and excludes all objects that exist now from every later search. Called once,
    after the reference data is loaded."""
    gc.set_threshold(GC_AFTER, 20, 100)
    gc.freeze()


async def collect_when_idle(is_idle: Callable[[], bool], every_s: float = COLLECT_EVERY_S) -> None:
    """Searches new objects for cycles every ``every_s`` seconds, unless records wait at that moment. Runs until it is
    cancelled; a search blocks the event loop."""
    while True:
        await asyncio.sleep(every_s)
        if is_idle():
            gc.collect(1)
