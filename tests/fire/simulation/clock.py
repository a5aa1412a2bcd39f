"""An event loop without sockets, threads or waiting: its clock moves when nobody is ready, and a little at each turn.

What runs on it depends on nothing but its inputs, and a second costs nothing.
"""

import asyncio
import random
import time
from asyncio import base_events
from collections import deque
from collections.abc import Coroutine
from heapq import heappop
from typing import Any
from unittest.mock import patch

TURN_S = 0.0001
"""What one turn of the loop takes, so that timers also come up while somebody is always ready."""
NEVER_S = 3600.0
"""Nobody waits that long for a timer: everybody waits for somebody else."""


class Stuck(AssertionError):
    """Nothing can go on any more."""


class VirtualLoop(base_events.BaseEventLoop):
    """``now`` is the loop's clock in seconds."""

    _ready: "deque[asyncio.Handle]"
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        """One turn: timers that are due, then everybody who was ready before it."""
        timers, ready = self._scheduled, self._ready
        while timers and timers[0].cancelled():
            heappop(timers)
        self.now += TURN_S
        if not ready:
            if not timers or timers[0].when() > self.now + NEVER_S:
                raise Stuck
            self.now = max(self.now, timers[0].when())
        while timers and timers[0].when() <= self.now:
            ready.append(heappop(timers))
        for _ in range(len(ready)):
            if not (handle := ready.popleft()).cancelled():
                handle._run()

    def _write_to_self(self) -> None:
        """Nobody outside has to be woken."""


def play(main: Coroutine[Any, Any, Any], seed: int, wall_clock: float) -> Any:
    """Runs ``main`` to its end and stops what it left behind. ``wall_clock`` is what the machine believes the time to
    be, in seconds since 1970; the global random numbers follow from the seed."""
    loop, before = VirtualLoop(), random.getstate()
    random.seed(seed)
    try:
        with patch.object(time, "time", lambda: wall_clock + loop.now):
            try:
                return loop.run_until_complete(main)
            finally:
                loop.run_until_complete(_stop(asyncio.all_tasks(loop)))
    finally:
        random.setstate(before)
        loop.close()


async def _stop(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
