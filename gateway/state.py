"""The parts of one running gateway, and what every handler asks of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.requests import Request

from gateway.answers import Answers
from gateway.brand import LiveBrand, World
from gateway.clients import Client, client_of
from gateway.limits import Buckets
from gateway.metrics import Metrics
from gateway.probes import Probes
from gateway.publisher import Publisher
from gateway.recent import Recent
from gateway.replies import Refused
from gateway.settings import Settings
from gateway.spool import Spool


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One gateway. ``waiting`` counts the requests in progress."""

    settings: Settings
    metrics: Metrics
    brand: LiveBrand
    spool: Spool
    publisher: Publisher
    answers: Answers
    probes: Probes
    scan_rate: Buckets
    event_rate: Buckets
    recent: Recent = field(default_factory=Recent)
    waiting: int = 0

    def world(self) -> World:
        """:raises Refused: 503 while no brand is known."""
        if self.brand.world is None:
            raise Refused(503, "no brand configuration has been applied yet", retry_after_s=5)
        return self.brand.world

    def client(self, request: Request) -> Client:
        """Who asks. :raises Refused: 429 when this address asks too fast."""
        client = client_of(request, self.settings.trusted_proxies)
        wait_s = self.scan_rate.take(client.address, 1, time.monotonic())
        if wait_s:
            self.metrics.limited.labels("scans").inc()
            raise Refused(429, "too many requests from this address", retry_after_s=wait_s)
        return client

    @property
    def crowded(self) -> bool:
        """Whether as many requests wait as may."""
        return self.waiting >= self.settings.waiting

    @property
    def crowded_for_batches(self) -> bool:
        """Whether half of the places are taken: the rest is for scans, which slow senders must not keep out."""
        return self.waiting >= max(1, self.settings.waiting // 2)

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places of those who wait."""
        self.waiting += 1
        self.metrics.waiting.set(self.waiting)
        try:
            yield
        finally:
            self.waiting -= 1
            self.metrics.waiting.set(self.waiting)


def gateway_of(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway
