"""Requests of one device for one tag that come while the first is being answered, or shortly after: a double tap. They
get the same response. Later ones bring the cookie of the page visit (page_visit.py), also to other gateways."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.http.responses import RawResponse

HOLD_S: Final = 1.0
"""How long a response is kept: as long as it may take to the phone, and the next request from there."""


class SameScans:
    """Bounded by the scans of a second."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], asyncio.Future[RawResponse | None]] = {}

    async def answer(self, device: str, visited: str, scan: Callable[[], Awaitable[RawResponse]]) -> RawResponse:
        """The response to a scan of a device that is known. :raises: what ``scan`` raises."""
        key = (device, visited)
        if (first := self._answers.get(key)) is not None and (found := await asyncio.shield(first)) is not None:
            return RawResponse(found.status, found.headers[:-1], found.body)
        loop = asyncio.get_running_loop()
        mine = self._answers[key] = loop.create_future()
        response = None
        try:
            response = await scan()
            return response
        finally:
            mine.set_result(response)
            loop.call_later(HOLD_S, self._forget, key, mine)

    def _forget(self, key: tuple[str, str], mine: "asyncio.Future[RawResponse | None]") -> None:
        if self._answers.get(key) is mine:
            del self._answers[key]
