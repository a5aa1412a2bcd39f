"""``/health/live``, ``/health/ready``, ``/health/stream`` and ``/metrics``.

Two questions, apart. A balancer asks whether to send phones here: yes, as long as this gateway can answer them at
all. With its spool and the tags' fallbacks it does so while Kafka or the stream is away: every gateway of the
deployment would say the same then, and phones without any gateway get an error. An operator asks whether the stream
decides.
"""

import asyncio
import time
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from gateway.brand.live import LiveBrand
from gateway.http.openapi_parts import ApiPart, object_schema, plain_operation, ref, response, retry_after
from gateway.http.responses import json_response
from gateway.publish.apart import ApartTopics
from gateway.publish.clock import Clock
from gateway.publish.publisher import Publisher
from gateway.publish.spool import Spool
from gateway.reply.pending import PendingReplies
from gateway.reply.probes import Probes
from schemas.events import ScanRouted

REMEMBERED_S: Final = 1.0
"""How long an answer about the stream is given again: whoever asks often learns no more, and costs nothing."""
NO_BRAND: Final = "brand: no configuration has been applied yet"
NO_KAFKA: Final = "kafka: unavailable, events go to the spool"


async def live(request: Request) -> Response:
    """The process runs and answers."""
    return json_response(200, {"status": "live"})


class ReadyHandler:
    """Ready: a phone that comes now gets an answer. Asking costs nothing: it looks at memory alone."""

    def __init__(self, brand: LiveBrand, spool: Spool, publisher: Publisher, apart: ApartTopics, clock: Clock) -> None:
        self._brand = brand
        self._spool = spool
        self._publisher = publisher
        self._apart = apart
        self._clock = clock

    async def ready(self, request: Request) -> Response:
        """200, or 503 with what is missing; ``warnings`` say what is not as it should be."""
        if self._brand.current is None:
            answer = {"status": "not ready", "missing": [NO_BRAND], "warnings": self._warnings()}
            return json_response(503, answer, {"Retry-After": "1"})
        return json_response(200, {"status": "ready", "missing": [], "warnings": self._warnings()})

    def _warnings(self) -> list[str]:
        warnings = self._apart.describe()
        if not self._publisher.direct:
            warnings.append(NO_KAFKA)
        if self._spool.is_full:
            warnings.append("spool: full, events that Kafka does not take are refused")
        if self._clock.implausible:
            warnings.append(f"clock: {self._clock.describe()}")
        return warnings


class StreamHandler:
    """Whether a scan that comes now is decided by the stream. Probes verify it through every partition: synthetic
    scans, at most one round every few seconds, which stay on the topics; a balancer has no need of them.
    """

    def __init__(
        self, brand: LiveBrand, publisher: Publisher, replies: PendingReplies[ScanRouted], probes: Probes
    ) -> None:
        self._brand = brand
        self._publisher = publisher
        self._replies = replies
        self._probes = probes
        self._asked: asyncio.Task[list[str]] | None = None
        self._answered_s = float("-inf")

    async def stream(self, request: Request) -> Response:
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
            missing.append(NO_BRAND)
        if not self._publisher.direct:
            missing.append(NO_KAFKA)
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


_TEXTS = {"type": "array", "items": {"type": "string"}}
_READY = plain_operation("ready", "Whether this gateway can answer a phone.", ref("Readiness"))
_READY["responses"]["503"] = response(
    "It cannot; missing says why.", "application/json", ref("Readiness"), retry_after()
)
_STREAM = plain_operation("stream", "Whether the stream can decide on a scan.", ref("StreamState"))
_STREAM["responses"]["503"] = response(
    "It cannot; missing says why. Phones get their tags' fallbacks.",
    "application/json",
    ref("StreamState"),
    retry_after(),
)
_METRICS = plain_operation("metrics", "Metrics for Prometheus.", {})
_METRICS["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}

LIVE_API = ApiPart({"get": plain_operation("live", "Whether the process runs.", {"type": "object"})})
READY_API = ApiPart(
    {"get": _READY},
    {"Readiness": object_schema({"status": {"type": "string"}, "missing": _TEXTS, "warnings": _TEXTS})},
)
STREAM_API = ApiPart(
    {"get": _STREAM}, {"StreamState": object_schema({"status": {"type": "string"}, "missing": _TEXTS})}
)
METRICS_API = ApiPart({"get": _METRICS})
