"""``/health/live``, ``/health/ready`` and ``/metrics``."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from gateway.replies import json_reply
from gateway.state import Gateway, gateway_of


async def live(request: Request) -> Response:
    """The process runs and answers."""
    return json_reply(200, {"status": "live"})


async def ready(request: Request) -> Response:
    """The stream can answer a scan: asked through every partition, not assumed."""
    missing = await _missing(gateway_of(request))
    if missing:
        return json_reply(503, {"status": "not ready", "missing": missing}, {"Retry-After": "1"})
    return json_reply(200, {"status": "ready", "missing": []})


async def metrics(request: Request) -> Response:
    """Everything in metrics.py in Prometheus' text format."""
    return Response(
        generate_latest(gateway_of(request).metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


async def _missing(gateway: Gateway) -> list[str]:
    missing = []
    if gateway.brand.world is None:
        missing.append("brand: no configuration has been applied yet")
    if not await gateway.spool.writable():
        missing.append("spool: full, or its directory cannot be written")
    if not gateway.publisher.direct:
        missing.append("kafka: does not take events, they wait in the spool")
    if not gateway.answers.positioned:
        missing.append("answers: the reply partition cannot be read")
    if not missing and not await gateway.probes.answered():
        missing.append("stream: probes through its partitions do not come back in time")
    return missing
