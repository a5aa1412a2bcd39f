"""``/health/live``, ``/health/ready`` and ``/metrics``."""

import asyncio
import time
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import LiveBrand
from gateway.http.openapi_parts import ApiPart, object_schema, plain_operation, ref, response, retry_after
from gateway.http.responses import json_response
from gateway.publish.publisher import Publisher
from gateway.publish.spool import Spool
from gateway.reply.pending import PendingReplies
from gateway.reply.probes import Probes

REMEMBERED_S: Final = 1.0
"""How long an answer is given again: whoever asks often learns no more, and costs nothing."""


async def live(request: Request) -> Response:
    """The process runs and answers."""
    return json_response(200, {"status": "live"})


class ReadyHandler:
    """Ready: a scan that comes now can be decided by the stream. Probes verify it through every partition."""

    def __init__(
        self, brand: LiveBrand, spool: Spool, publisher: Publisher, replies: PendingReplies, probes: Probes
    ) -> None:
        self._brand = brand
        self._spool = spool
        self._publisher = publisher
        self._replies = replies
        self._probes = probes
        self._asked: asyncio.Task[list[str]] | None = None
        self._answered_s = float("-inf")

    async def ready(self, request: Request) -> Response:
        """200, or 503 with what is missing. May wait for a round of probes."""
        if self._asked is None or (self._asked.done() and time.monotonic() - self._answered_s > REMEMBERED_S):
            self._asked = asyncio.create_task(self._answer())
        missing = await asyncio.shield(self._asked)
        if missing:
            return json_response(503, {"status": "not ready", "missing": missing}, {"Retry-After": "1"})
        return json_response(200, {"status": "ready", "missing": []})

    async def _answer(self) -> list[str]:
        missing = await self._missing()
        self._answered_s = time.monotonic()
        return missing

    async def _missing(self) -> list[str]:
        missing = []
        if self._brand.current is None:
            missing.append("brand: no configuration has been applied yet")
        if not await self._spool.writable():
            missing.append("spool: full, or its directory cannot be written")
        if not self._publisher.direct:
            missing.append("kafka: unavailable, events go to the spool")
        if not self._replies.positioned:
            missing.append("replies: the reply partition cannot be read")
        if not missing and not await self._probes.succeeded():
            missing.append("stream: probes through its partitions do not come back in time")
        return missing


class MetricsHandler:
    """:param registry: of the metrics to expose."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    async def metrics(self, request: Request) -> Response:
        """All metrics in Prometheus' text format."""
        return Response(generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


_READY = plain_operation("ready", "Whether the stream can answer a scan.", ref("Readiness"))
_READY["responses"]["503"] = response(
    "It cannot; missing says why.", "application/json", ref("Readiness"), retry_after()
)
_METRICS = plain_operation("metrics", "Metrics for Prometheus.", {})
_METRICS["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}

LIVE_API = ApiPart({"get": plain_operation("live", "Whether the process runs.", {"type": "object"})})
READY_API = ApiPart(
    {"get": _READY},
    {
        "Readiness": object_schema(
            {"status": {"type": "string"}, "missing": {"type": "array", "items": {"type": "string"}}}
        )
    },
)
METRICS_API = ApiPart({"get": _METRICS})
