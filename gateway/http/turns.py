"""Turns of work on the event loop: long work is done in slices, and between two of them scans are answered.

At any time one request works, for a slice at most; the others wait for their turn. Keys take turns with each other, and
so do the requests of one key: a key that sends what is expensive makes its own requests wait, and others for a slice.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

SLICE_S: Final = 0.002
"""A request that has worked so long lets others work. A scan takes some ten rounds of the event loop, each of which may
have to wait for a slice."""


class Slice:
    """``spent`` says whether it is time to let others work."""

    __slots__ = ("_until_s",)

    def __init__(self) -> None:
        self._until_s = time.perf_counter() + SLICE_S

    @property
    def spent(self) -> bool:
        return time.perf_counter() >= self._until_s

    @property
    def over_s(self) -> float:
        """By how much it was exceeded, in seconds."""
        return time.perf_counter() - self._until_s


class Turns:
    """The turns of one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._of_key: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def slice(self, key: str) -> AsyncIterator[Slice]:
        """Waits for a turn among the requests of ``key`` and then among keys. After a slice that was used up the event
        loop goes round once; after one that was exceeded by far it rests as long as that took.
        """
        of_key = self._of_key.get(key)
        if of_key is None:
            of_key = self._of_key[key] = asyncio.Lock()
        async with of_key, self._turn:
            one = Slice()
            yield one
            over_s = one.over_s
            if over_s > 0:
                await asyncio.sleep(over_s if over_s > SLICE_S else 0)
