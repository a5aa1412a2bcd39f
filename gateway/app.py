"""The ASGI application: parts, routes, and what every answer has in common."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import codes, events, health, openapi, scan
from gateway.answers import Answers
from gateway.brand import LiveBrand
from gateway.limits import Buckets
from gateway.metrics import Metrics
from gateway.probes import Probes
from gateway.producer import Producer
from gateway.publisher import Publisher
from gateway.replies import Lean, Refused, json_reply, refuse
from gateway.settings import Settings
from gateway.spool import Spool
from gateway.state import Gateway, Places, gateway_of
from schemas.codec import Codec
from schemas.registry import codec_with

log = logging.getLogger(__name__)

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""On every answer that says nothing else."""

ROUTES = (
    Route("/s/{tag}", Lean(scan.scan), methods=["GET"]),
    Route("/v1/events", events.events, methods=["POST"]),
    Route("/qr/{tag}.{kind}", codes.code, methods=["GET"]),
    Route("/health/live", health.live, methods=["GET"]),
    Route("/health/ready", health.ready, methods=["GET"]),
    Route("/metrics", health.metrics, methods=["GET"]),
    Route("/openapi.json", openapi.document, methods=["GET"]),
)


def build_gateway(settings: Settings, codec: Codec) -> Gateway:
    """The parts, none of them connected yet. Needs a running event loop.

    :raises SpoolError: the spool's directory cannot be used.
    """
    metrics = Metrics()
    spool = Spool(settings.spool, settings.spool_mb * 1024 * 1024)
    timeout_s = settings.publish_timeout_ms / 1000
    publisher = Publisher(Producer(settings.kafka), spool, codec, timeout_s, metrics)
    answers = Answers(settings.kafka, settings.reply_partition, codec)
    places = Places(settings.waiting)
    metrics.waiting.set_function(lambda: places.taken)
    return Gateway(
        settings=settings,
        metrics=metrics,
        brand=LiveBrand(settings.kafka, codec, settings.identifier_key, settings.spool / "brand.json"),
        spool=spool,
        publisher=publisher,
        answers=answers,
        probes=Probes(publisher, answers, settings.partitions),
        scan_rate=Buckets(settings.scans_per_s),
        event_rate=Buckets(settings.events_per_s),
        places=places,
    )


def build_app(settings: Settings) -> Starlette:
    """The application; its parts live from the lifespan's start to its end.

    :raises RegistryError: a schema registry is set and cannot be used.
    """
    codec = codec_with(settings.schema_registry)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        gateway = build_gateway(settings, codec)
        gateway.brand.load()
        running = [
            asyncio.create_task(part.run(), name=type(part).__name__)
            for part in (gateway.brand, gateway.answers, gateway.publisher)
        ]
        for task in running:
            task.add_done_callback(_report)
        yield {"gateway": gateway}
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        await gateway.publisher.close()

    app = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        exception_handlers={Refused: refuse, HTTPException: _http_error},
    )
    app.router.redirect_slashes = False  # such a redirect would lead to whatever the Host header names
    app.add_middleware(Common)
    return app


class Common:
    """Puts the headers on every answer, counts it, and answers where a handler fails."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                said = {name for name, _ in message["headers"]}
                message["headers"] += [header for header in HEADERS if header[0] not in said]
                route = getattr(scope.get("endpoint"), "__name__", "none")
                gateway_of(scope).metrics.answered(route, message["status"]).inc()
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # a bug: the client learns nothing of it, the log all but the payload
            log.error("a request failed", exc_info=error)
            if not started:
                await json_reply(500, {"error": "something went wrong here"})(scope, receive, answer)


def _report(task: asyncio.Task[None]) -> None:
    """A part that ends by itself is a bug: the process ends in order, and whoever runs it starts it again."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("%s ended", task.get_name(), exc_info=error)
        signal.raise_signal(signal.SIGTERM)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refused = Refused(error.status_code, error.detail)
    refused.headers.update(error.headers or {})
    return await refuse(request, refused)
