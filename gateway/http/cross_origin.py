"""Events from web pages: a browser lets a page send them only where the gateway names the page's origin (Fetch
standard, "CORS protocol"). The origins are those of the brand's destinations: its phones are sent to its own pages.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFLIGHT = (
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding"),
    (b"access-control-max-age", b"600"),
    (b"content-length", b"0"),
)
DEFAULT_PORTS = {"http": 80, "https": 443}


@lru_cache(64)
def origins_of(destinations: tuple[str, ...]) -> frozenset[str]:
    """The origins of addresses, as browsers write them: scheme and host in lower case, without a default port."""
    return frozenset(filter(None, map(_origin_of, destinations)))


def is_registered_origin(origin: str, destinations: Iterable[str]) -> bool:
    """Whether a page of this origin is the brand's own."""
    return origin in origins_of(tuple(destinations))


class CrossOriginMiddleware:
    """Answers the browser's question before it lets a page of a registered origin send events, and lets the page read
    every answer, errors too. Other origins get no such header, so their browsers neither ask again nor send.

    :param destinations: gives the live brand's. :param paths: what pages may send to.
    """

    def __init__(self, app: ASGIApp, destinations: Callable[[], Iterable[str]], paths: frozenset[str]) -> None:
        self._app = app
        self._destinations = destinations
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in self._paths:
            await self._app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        origin: bytes = asked.get(b"origin", b"")
        allowed: list[tuple[bytes, bytes]] = [(b"vary", b"Origin")]
        registered = is_registered_origin(origin.decode("latin-1"), self._destinations())
        if registered:
            allowed.append((b"access-control-allow-origin", origin))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += allowed
            await send(message)

        if registered and scope["method"] == "OPTIONS" and b"access-control-request-method" in asked:
            headers = list(PREFLIGHT)
            await send_with_headers({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app(scope, receive, send_with_headers)


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    if parts.scheme not in DEFAULT_PORTS or not host:
        return ""
    host = f"[{host}]" if ":" in host else host
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return ""
    is_default = port in (None, DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{port}"
