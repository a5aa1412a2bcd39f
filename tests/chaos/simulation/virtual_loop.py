"""An event loop without sockets, threads or real waiting: its clock jumps when no callback is ready, and moves a little
at each turn.

A run depends on nothing but its inputs, and waiting costs no time.
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
"""Virtual time that one turn of the loop takes, so that timers fire even while callbacks are always ready."""
NEVER_S = 3600.0
"""A timer that is further away than this means that all tasks wait for each other."""


class Deadlock(AssertionError):
    """No task can go on."""


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
        """One turn: timers that are due, then the callbacks that were ready before it."""
        timers, ready = self._scheduled, self._ready
        while timers and timers[0].cancelled():
            heappop(timers)
        self.now += TURN_S
        if not ready:
            if not timers or timers[0].when() > self.now + NEVER_S:
                raise Deadlock
            self.now = max(self.now, timers[0].when())
        while timers and timers[0].when() <= self.now:
            ready.append(heappop(timers))
        for _ in range(len(ready)):
            if not (handle := ready.popleft()).cancelled():
                handle._run()

    def _write_to_self(self) -> None:
        """Nothing: there is no other thread to wake."""


def run_to_end(main: Coroutine[Any, Any, Any], seed: int, wall_clock: float) -> Any:
    """Runs ``main`` to its end and cancels the tasks that it left.

    :param seed: of the global random numbers. :param wall_clock: ``time.time()`` at the start, in seconds since 1970.
    """
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
