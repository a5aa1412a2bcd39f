"""How many listen at once, altogether and from one address; and the end of all of them when the gateway stops."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gateway.http.errors import ErrorKind, RequestError
from gateway.metrics import Metrics

PER_ADDRESS: Final = 100
"""A whole shop shares one address, and a page listens for some seconds."""
RETRY_AFTER_S: Final = 60


class LiveStreams:
    """:param limit: listeners at once."""

    def __init__(self, limit: int, metrics: Metrics) -> None:
        self._limit = limit
        self._metrics = metrics
        self._by_address: Counter[str] = Counter()
        self.stopping = asyncio.Event()
        metrics.live_listeners.set_function(lambda: sum(self._by_address.values()))

    def check(self, address: str) -> None:
        """:raises RequestError: as many listen as may."""
        if self._by_address[address] >= PER_ADDRESS:
            self._metrics.limited.labels("live").inc()
            raise RequestError(ErrorKind.ADDRESS_RATE, "too many pages of this address listen", RETRY_AFTER_S)
        if sum(self._by_address.values()) >= self._limit:
            self._metrics.limited.labels("live").inc()
            raise RequestError(ErrorKind.SATURATED, "too many pages listen", RETRY_AFTER_S)

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        """Counts one listener."""
        self._by_address[address] += 1
        try:
            yield
        finally:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def stop(self) -> None:
        """Ends all of them soon; called once, when the gateway is asked to stop."""
        self.stopping.set()
