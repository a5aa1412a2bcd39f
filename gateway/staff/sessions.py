"""Who is signed in on the page of staff: a signed cookie that names an API key, and holds while the brand has the key.

Any gateway takes what another one signed; the signature covers the key's hash, so that a key that is replaced under its
id ends what the old one began.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Final

from schemas import kinds
from schemas.brand.model import ApiKey

COOKIE: Final = "fp_staff"
SESSION_S: Final = 12 * 3600
"""A shift, and what it takes."""
_MAC_BYTES: Final = 32
_TIME_BYTES: Final = 5
_MAX_CHARS: Final = 1_000


class Sessions:
    """:param key: the identifier key. :param path: of the page."""

    def __init__(self, key: bytes, path: str) -> None:
        self._key = hmac.digest(key, b"footpath staff page", "sha256")
        self._path = path

    def begun(self, api_key: ApiKey, https: bool, now_s: float) -> bytes:
        """The value of ``Set-Cookie`` that signs in."""
        body = (int(now_s) + SESSION_S).to_bytes(_TIME_BYTES, "big") + api_key.id.encode()
        value = urlsafe_b64encode(self._mac(body, api_key) + body).rstrip(b"=").decode()
        return self._cookie(value, SESSION_S, https)

    def ended(self, https: bool) -> bytes:
        """The value of ``Set-Cookie`` that signs out."""
        return self._cookie("", 0, https)

    def key_of(self, cookies: dict[str, str], api_keys: Iterable[ApiKey], now_s: float) -> ApiKey | None:
        """The key of whoever is signed in; None where nobody is, or their key is not one of staff any more."""
        value = cookies.get(COOKIE, "")[:_MAX_CHARS]
        try:
            content = urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
            mac, body = content[:_MAC_BYTES], content[_MAC_BYTES:]
            key_id = body[_TIME_BYTES:].decode()
        except ValueError:
            return None
        found = next((one for one in api_keys if one.id == key_id and is_of_staff(one)), None)
        if found is None or not hmac.compare_digest(mac, self._mac(body, found)):
            return None
        return found if now_s < int.from_bytes(body[:_TIME_BYTES], "big") else None

    def _cookie(self, value: str, age_s: int, https: bool) -> bytes:
        secure = "; Secure" if https else ""
        return f"{COOKIE}={value}; HttpOnly; Max-Age={age_s}; Path={self._path}; SameSite=strict{secure}".encode()

    def _mac(self, body: bytes, api_key: ApiKey) -> bytes:
        return hmac.digest(self._key, body + b"\0" + api_key.hash.encode(), hashlib.sha256)


def is_of_staff(key: ApiKey) -> bool:
    """Whether a key signs in on the page."""
    return kinds.STAFF in key.scopes and not key.is_public
