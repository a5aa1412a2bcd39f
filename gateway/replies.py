"""The gateway's refusals, in one form: a JSON object with ``error``, and when to come back where that helps.
And the lean way to answer, for what phones wait for.
"""

import math
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.page import notice_page

_encode = msgspec.json.Encoder().encode

RawHeaders = list[tuple[bytes, bytes]]
"""As ASGI wants them: the names in lower case."""


class Reply:
    """An answer whose headers are complete and encoded."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: RawHeaders, body: bytes = b"") -> None:
        self.status = status
        self.headers = [*headers, (b"content-length", b"%d" % len(body))]
        self.body = body

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class Lean:
    """A handler of the bare scope as a route's endpoint, without what Starlette puts around a function."""

    def __init__(self, handler: Callable[[Scope], Awaitable[Reply]]) -> None:
        self._handler = handler
        self.__name__ = getattr(handler, "__name__", "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = await self._handler(scope)
        await reply.send(send)


class Refused(Exception):
    """A request that is answered with an error status."""

    def __init__(self, status: int, error: str, retry_after_s: float | None = None, **headers: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))


def json_reply(status: int, content: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(_encode(content), status, headers, "application/json")


async def refuse(request: Request, refused: Exception) -> Response:
    """The answer to a :class:`Refused`: a small page for a browser, JSON for programs."""
    assert isinstance(refused, Refused)
    if "text/html" in request.headers.get("accept", ""):
        reply: Response = notice_page(refused.status, "This did not work", refused.error)
        reply.headers.update(refused.headers)
        return reply
    return json_reply(refused.status, {"error": refused.error}, refused.headers)
