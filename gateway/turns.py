"""Turns that several share: what many small requests cost is mostly the requests."""

import asyncio

CROWD = 4
"""Up to so many on a turn the next rest is a plain one; more make it longer in proportion."""
LONGEST = 3.0
"""Of a rest, in plain ones. Where many come at once what counts is how many can be answered at all: a request with
three times as many scans in it costs Kafka, workers and gateway hardly more."""


class Turns:
    """Who comes first goes at once; who comes within a rest of a turn goes with the next, with all the others.

    :param rest_s: after a turn that few took; a crowd rests longer.
    """

    def __init__(self, rest_s: float) -> None:
        self._rest_s = rest_s
        self._resting = False
        self._held = 0
        self._next = asyncio.Event()

    async def take(self) -> None:
        """Returns when it is the caller's turn."""
        if self._resting:
            self.join()
            await self._next.wait()
        else:
            self._rest()

    def join(self) -> None:
        """One more goes with those who wait, and is counted among the crowd."""
        self._held += 1

    def _rest(self, rests: float = 1.0) -> None:
        self._resting = True
        asyncio.get_running_loop().call_later(self._rest_s * rests, self._rested)

    def _rested(self) -> None:
        if not self._held:
            self._resting = False
            return
        rests = min(max(1.0, self._held / CROWD), LONGEST)
        self._held = 0
        self._next.set()
        self._next.clear()
        self._rest(rests)
