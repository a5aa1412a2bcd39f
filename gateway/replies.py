"""The gateway's refusals, in one form: a JSON object with ``error``, and when to come back where that helps."""

import math
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.page import notice_page

_encode = msgspec.json.Encoder().encode


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
