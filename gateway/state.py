"""The parts of one running gateway, and what every handler asks of them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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


class Places:
    """The places of those who wait: ``with places:`` takes one."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.taken = 0

    def __enter__(self) -> None:
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self.taken -= 1

    @property
    def crowded(self) -> bool:
        """Whether as many requests wait as may."""
        return self.taken >= self._count

    @property
    def crowded_for_batches(self) -> bool:
        """Whether half of the places are taken: the rest is for scans, which slow senders must not keep out."""
        return self.taken >= max(1, self._count // 2)


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One gateway."""

    settings: Settings
    metrics: Metrics
    brand: LiveBrand
    spool: Spool
    publisher: Publisher
    answers: Answers
    probes: Probes
    scan_rate: Buckets
    event_rate: Buckets
    places: Places
    recent: Recent = field(default_factory=Recent)

    def world(self) -> World:
        """:raises Refused: 503 while no brand is known."""
        if self.brand.world is None:
            raise Refused(503, "no brand configuration has been applied yet", retry_after_s=5)
        return self.brand.world

    def client(self, scope: Mapping[str, Any]) -> Client:
        """Who asks. :raises Refused: 429 when this address asks too fast."""
        client = client_of(scope, self.settings.trusted_proxies)
        wait_s = self.scan_rate.take(client.address, 1, time.monotonic())
        if wait_s:
            self.metrics.limited.labels("scans").inc()
            raise Refused(429, "too many requests from this address", retry_after_s=wait_s)
        return client


def gateway_of(scope: Mapping[str, Any]) -> Gateway:
    """The gateway that serves an ASGI request."""
    gateway: Gateway = scope["state"]["gateway"]
    return gateway
