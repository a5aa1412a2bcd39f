"""The first-party cookie by which a phone is recognised: 128 random bits, derived from neither person nor device."""

import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable

from starlette.requests import cookie_parser

COOKIE = "fp_device"
MAX_AGE_S = 400 * 24 * 3600
"""The longest that browsers store a cookie (RFC 6265bis)."""
_FORM = re.compile(r"[A-Za-z0-9_-]{22}")
_ATTRIBUTES = f"; HttpOnly; Max-Age={MAX_AGE_S}; Path=/; SameSite=lax"


def cookies_of(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The cookies among an ASGI request's headers."""
    cookies: dict[str, str] = {}
    for name, value in headers:
        if name == b"cookie":
            cookies.update(cookie_parser(value.decode("latin-1")))
    return cookies


def device_of(cookies: dict[str, str]) -> str:
    """The device id in the request's cookies; a new one when there is none, or one of another form."""
    cookie = cookies.get(COOKIE, "")
    return cookie if _FORM.fullmatch(cookie) else urlsafe_b64encode(os.urandom(16))[:22].decode()


def device_cookie(device: str, https: bool) -> bytes:
    """The value of ``Set-Cookie`` that sets the cookie, or prolongs it."""
    return f"{COOKIE}={device}{_ATTRIBUTES}{'; Secure' if https else ''}".encode()
