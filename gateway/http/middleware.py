"""What every response has in common: security headers, a count, and status 500 where a handler fails."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.responses import json_response
from gateway.metrics import Metrics

log = logging.getLogger(__name__)

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""Defaults: a response that sets one of them itself keeps its own."""


class CommonMiddleware:
    """Adds the headers to each response, counts it by route and status, and turns an exception into status 500."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                present = {name for name, _ in message["headers"]}
                message["headers"] += [header for header in HEADERS if header[0] not in present]
                route = getattr(scope.get("endpoint"), "__name__", "none")
                self._metrics.request_count(route, message["status"]).inc()
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # a bug: the client learns nothing of it, the log everything but the payload
            log.error("a request failed", exc_info=error)
            if not started:
                response = json_response(500, {"error": "internal error"})
                await response(scope, receive, send_with_headers)
