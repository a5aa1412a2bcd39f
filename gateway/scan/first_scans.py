"""Scans of a phone that has no cookie yet, and sends two at once: each gets a device of its own, and the phone keeps
the cookie of whichever answer comes last.

So the answer to a new device also sets a cookie that is named after it, for :data:`WINDOW_S`. All of them are in the
phone's next request, which therefore shows which devices one phone was given: they are linked, and the cookies taken
away. Nothing else says that two requests are of one phone; addresses and agents do not.
"""

from collections.abc import Mapping
from typing import Final

from schemas.identifiers.devices import IssuedDevices

WINDOW_S: Final = 600
MAX_LINKED: Final = 4
"""Of one phone at once."""
_NAME: Final = "fp_new_"
_NAME_CHARS: Final = 8


class FirstScans:
    """:param devices: of the deployment's key."""

    def __init__(self, devices: IssuedDevices) -> None:
        self._devices = devices

    def cookie(self, device: str, https: bool) -> bytes:
        """The value of ``Set-Cookie`` for a device that is new."""
        secure = "; Secure" if https else ""
        return (
            f"{_prefix(https)}{device[:_NAME_CHARS]}={self._devices.signed(device)}"
            f"; HttpOnly; Max-Age={WINDOW_S}; Path=/; SameSite=lax{secure}"
        ).encode()

    def others(self, device: str, cookies: Mapping[str, str], https: bool) -> list[str]:
        """The other devices that the phone was given at the same time."""
        start = _prefix(https)
        found = (self._devices.issued(value) for name, value in cookies.items() if name.startswith(start))
        return list({other: None for other in found if other is not None and other != device})[:MAX_LINKED]

    def removed(self, cookies: Mapping[str, str], https: bool) -> list[bytes]:
        """The values of ``Set-Cookie`` that take the cookies away."""
        secure = "; Secure" if https else ""
        return [
            f"{name}=; HttpOnly; Max-Age=0; Path=/; SameSite=lax{secure}".encode()
            for name in cookies
            if name.startswith(_prefix(https))
        ]


def _prefix(https: bool) -> str:
    return f"__Host-{_NAME}" if https else _NAME
