"""The first-party cookie that recognises a phone: 128 random bits, nothing derived from the person or the
device.
"""

import re
import secrets

from starlette.responses import Response

COOKIE = "fp_device"
MAX_AGE_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie (RFC 6265bis)."""
_FORM = re.compile(r"[A-Za-z0-9_-]{22}")


def device_of(cookies: dict[str, str]) -> str:
    """The device's id out of the request's cookies; a new one when there is none or it has not our form."""
    presented = cookies.get(COOKIE, "")
    return presented if _FORM.fullmatch(presented) else secrets.token_urlsafe(16)


def set_device(response: Response, device: str, https: bool) -> None:
    """Sets the cookie, or prolongs it."""
    response.set_cookie(COOKIE, device, max_age=MAX_AGE_S, path="/", httponly=True, samesite="lax", secure=https)
