"""The first-party cookie by which a phone is recognised: an id that the gateway issued and signed.

A value that no gateway of the deployment signed is nobody's: the phone gets a new id. Behind TLS the cookie's name
begins with ``__Host-`` (RFC 6265bis, 4.1.3.2): browsers then take it from this very host over TLS alone, so that no
neighbour below the same domain can give a phone the id of another one.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from starlette.requests import cookie_parser

from schemas.identifiers.devices import IssuedDevices, is_unsigned, new_device

COOKIE: Final = "fp_device"
HOST_COOKIE: Final = f"__Host-{COOKIE}"
MAX_AGE_DAYS: Final = 400
"""The longest that browsers store a cookie (RFC 6265bis)."""
_ATTRIBUTES: Final = f"; HttpOnly; Max-Age={MAX_AGE_DAYS * 24 * 3600}; Path=/; SameSite=lax"
_GONE: Final = f"{COOKIE}=; HttpOnly; Max-Age=0; Path=/; SameSite=lax; Secure".encode()


class Device(NamedTuple):
    """The id of a phone; ``earlier``: it came in a cookie of an earlier form, which a new one takes the place of."""

    id: str
    earlier: bool = False


class DeviceCookies:
    """:param devices: of the deployment's key.

    :param earlier_until_s: until when cookies of earlier gateways are taken, and replaced: unsigned ones, and behind
        TLS those without the prefix. In seconds since 1970; 0: none is.
    """

    def __init__(self, devices: IssuedDevices, earlier_until_s: float = 0.0) -> None:
        self._devices = devices
        self._earlier_until_s = earlier_until_s

    def device_of(self, cookies: dict[str, str], https: bool, now_s: float) -> Device:
        """The device that the cookies name; a new one where they name none that was issued."""
        return self.known(cookies, https, now_s) or Device(new_device())

    def known(self, cookies: dict[str, str], https: bool, now_s: float) -> Device | None:
        """The device that the cookies name; None where they name none that was issued."""
        found = self._devices.issued(cookies.get(HOST_COOKIE if https else COOKIE, ""))
        if found is not None:
            return Device(found)
        if now_s < self._earlier_until_s:
            value = cookies.get(COOKIE, "")
            found = value if is_unsigned(value) else self._devices.issued(value)
            if found is not None:
                return Device(found, earlier=True)
        return None

    def set_cookies(self, device: Device, https: bool) -> list[bytes]:
        """The values of ``Set-Cookie`` that set the cookie, or prolong it."""
        value = self._devices.signed(device.id)
        if not https:
            return [f"{COOKIE}={value}{_ATTRIBUTES}".encode()]
        cookie = f"{HOST_COOKIE}={value}{_ATTRIBUTES}; Secure".encode()
        return [cookie, _GONE] if device.earlier else [cookie]


def no_cookies(https: bool) -> list[bytes]:
    """The values of ``Set-Cookie`` that take the device away from a phone."""
    gone = [f"{COOKIE}=; HttpOnly; Max-Age=0; Path=/; SameSite=lax".encode()]
    if https:
        gone.append(f"{HOST_COOKIE}=; HttpOnly; Max-Age=0; Path=/; SameSite=lax; Secure".encode())
    return gone


def cookies_of(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The cookies among an ASGI request's headers."""
    cookies: dict[str, str] = {}
    for name, value in headers:
        if name == b"cookie":
            cookies.update(cookie_parser(value.decode("latin-1")))
    return cookies
