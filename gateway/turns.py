"""Turns that several share: what many small requests cost is mostly the requests."""

import asyncio


class Turns:
    """Who comes first goes at once; who comes within a rest of a turn goes with the next, with all the others."""

    def __init__(self, rest_s: float) -> None:
        self._rest_s = rest_s
        self._resting = False
        self._held = False
        self._next = asyncio.Event()

    async def take(self) -> None:
        """Returns when it is the caller's turn."""
        if self._resting:
            self._held = True
            await self._next.wait()
        else:
            self._rest()

    def _rest(self) -> None:
        self._resting = True
        asyncio.get_running_loop().call_later(self._rest_s, self._rested)

    def _rested(self) -> None:
        if not self._held:
            self._resting = False
            return
        self._held = False
        self._next.set()
        self._next.clear()
        self._rest()
