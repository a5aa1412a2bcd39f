"""The rate limit of unauthenticated requests, by client address."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.http.clients import Client, client_of
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.rate_limits import TokenBuckets
from gateway.metrics import Metrics
from schemas.process.parsers import Network


class ClientLimit:
    """:param per_s: requests a second of one address; :param trusted_proxies: see :func:`client_of`."""

    def __init__(self, per_s: int, trusted_proxies: Sequence[Network], metrics: Metrics) -> None:
        self._buckets = TokenBuckets(per_s)
        self._trusted_proxies = trusted_proxies
        self._metrics = metrics

    def admit(self, scope: Mapping[str, Any]) -> Client:
        """The client of an ASGI request. :raises RequestError: ADDRESS_RATE."""
        client = client_of(scope, self._trusted_proxies)
        wait_s = self._buckets.take(client.address, 1, time.monotonic())
        if wait_s:
            self._metrics.limited.labels("scans").inc()
            raise RequestError(ErrorKind.ADDRESS_RATE, "too many requests from this address", wait_s)
        return client
