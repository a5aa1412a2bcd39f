"""Responses: errors in one form for programs and browsers, JSON, and a raw endpoint for scans."""

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.http.errors import RequestError
from gateway.http.pages import notice_page

_encode = msgspec.json.Encoder().encode

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI takes them: names in lower case."""


class RawResponse:
    """A response whose headers are complete and encoded.

    Starlette's ``Response`` encodes headers one by one, which a scan would pay for on every request.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: RawHeaders, body: bytes = b"") -> None:
        self.status = status
        self.headers = [*headers, (b"content-length", b"%d" % len(body))]
        self.body = body

    async def send(self, send: Send) -> None:
        # A copy: the middleware adds headers, and a response may be sent twice (gateway/scan/same_scan.py).
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers]})
        await send({"type": "http.response.body", "body": self.body})


class RawEndpoint:
    """A route's endpoint that hands the ASGI scope to its handler, without Starlette's request objects."""

    def __init__(self, handler: Callable[[Scope], Awaitable[RawResponse]]) -> None:
        self._handler = handler
        self.__name__ = getattr(handler, "__name__", "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handler(scope)
        await response.send(send)


def json_response(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """``content`` (anything that msgspec encodes) as JSON."""
    return Response(_encode(content), status, headers, "application/json")


async def request_error_response(request: Request, error: Exception) -> Response:
    """The response to a :class:`RequestError`; called by Starlette for what a handler raises."""
    assert isinstance(error, RequestError)
    headers = dict(error.kind.headers)
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return _error(request, error.kind.status, error.error, headers)


async def http_exception_response(request: Request, error: Exception) -> Response:
    """The response to what Starlette's router raises: no such path, no such method."""
    assert isinstance(error, HTTPException)
    return _error(request, error.status_code, error.detail, error.headers or {})


def _error(request: Request, status: int, error: str, headers: Mapping[str, str]) -> Response:
    """A page for a browser, a JSON object with ``error`` for programs."""
    if "text/html" in request.headers.get("accept", ""):
        page: Response = notice_page(status, "This did not work", error)
        page.headers.update(headers)
        return page
    return json_response(status, {"error": error}, headers)
