"""Request coalescing: callers that come within one interval proceed together and can share one request.

What many small produce requests cost is mostly the requests, so the producer sends all of them in one.
"""

import asyncio


class Coalescer:
    """The first caller proceeds at once; those that follow within ``interval_s`` proceed together at its end."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._in_interval = False
        self._waiting = False
        self._interval_ended = asyncio.Event()

    async def wait(self) -> None:
        """Returns when the caller may proceed: at once, or after one interval at most."""
        if self._in_interval:
            self._waiting = True
            await self._interval_ended.wait()
        else:
            self._start_interval()

    def _start_interval(self) -> None:
        self._in_interval = True
        asyncio.get_running_loop().call_later(self._interval_s, self._end_interval)

    def _end_interval(self) -> None:
        if not self._waiting:
            self._in_interval = False
            return
        self._waiting = False
        self._interval_ended.set()
        self._interval_ended.clear()
        self._start_interval()
