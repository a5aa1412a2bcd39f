"""Waiting for events, at most so long. Before Python 3.12 `asyncio.wait_for` sometimes swallows a cancellation that
coincides with its timeout, and a partition that failed would wait for ever."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Waits for the event."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def wait_any(events: Sequence[asyncio.Event], seconds: float | None) -> None:
    """Waits for the first of the events. :param seconds: None: as long as it takes."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
