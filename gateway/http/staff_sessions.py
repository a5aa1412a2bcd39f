"""Who is signed in on the page of staff: a signed cookie that names an API key or a staff badge.

It holds while the brand has the key or the badge. Any gateway takes what another one signed. The signature covers the
key's hash, or the badge's chip, so that another one under the same id ends what the old one began.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, NamedTuple

from schemas import kinds
from schemas.brand.model import ApiKey, Brand, Tag
from schemas.brand.tags import NTAG424

COOKIE: Final = "fp_staff"
SESSION_S: Final = 12 * 3600
"""A shift, and what it takes."""
BADGE: Final = "staff_badge"
"""The placement of a tag that somebody of the shop wears."""
_MAC_BYTES: Final = 32
_TIME_BYTES: Final = 5
_MAX_CHARS: Final = 1_000


class Holder(NamedTuple):
    """Who is signed in: the id of a key or of a badge's tag. ``proof`` is what must stay the same."""

    id: str
    is_badge: bool
    proof: str


def holder_of_key(key: ApiKey) -> Holder | None:
    """Who signs in with a key; None where it is no key of staff."""
    return Holder(key.id, False, key.hash) if kinds.STAFF in key.scopes and not key.is_public else None


def holder_of_badge(tag: Tag) -> Holder | None:
    """Who signs in by tapping a tag; None where it is no badge, or one whose link can be copied."""
    return Holder(tag.id, True, tag.uid) if tag.placement == BADGE and tag.security == NTAG424 else None


class Sessions:
    """:param key: the identifier key. :param path: of the page."""

    def __init__(self, key: bytes, path: str) -> None:
        self._key = hmac.digest(key, b"footpath staff page", "sha256")
        self._path = path

    def begun(self, holder: Holder, https: bool, now_s: float) -> bytes:
        """The value of ``Set-Cookie`` that signs in."""
        body = (int(now_s) + SESSION_S).to_bytes(_TIME_BYTES, "big") + bytes([holder.is_badge]) + holder.id.encode()
        value = urlsafe_b64encode(self._mac(body, holder) + body).rstrip(b"=").decode()
        return self._cookie(value, SESSION_S, https)

    def ended(self, https: bool) -> bytes:
        """The value of ``Set-Cookie`` that signs out."""
        return self._cookie("", 0, https)

    def holder(self, cookies: dict[str, str], brand: Brand, now_s: float) -> Holder | None:
        """Who is signed in; None where nobody is, or their key or badge is not one of staff any more."""
        value = cookies.get(COOKIE, "")[:_MAX_CHARS]
        try:
            content = urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
            mac, body = content[:_MAC_BYTES], content[_MAC_BYTES:]
            expires, is_badge = int.from_bytes(body[:_TIME_BYTES], "big"), body[_TIME_BYTES : _TIME_BYTES + 1] == b"\1"
            id = body[_TIME_BYTES + 1 :].decode()
        except ValueError:
            return None
        found: Holder | None = None
        if is_badge and id in brand.tags:
            found = holder_of_badge(brand.tags[id])
        elif not is_badge:
            found = next((holder_of_key(one) for one in brand.api_keys if one.id == id), None)
        if found is None or not hmac.compare_digest(mac, self._mac(body, found)):
            return None
        return found if now_s < expires else None

    def _cookie(self, value: str, age_s: int, https: bool) -> bytes:
        secure = "; Secure" if https else ""
        return f"{COOKIE}={value}; HttpOnly; Max-Age={age_s}; Path={self._path}; SameSite=strict{secure}".encode()

    def _mac(self, body: bytes, holder: Holder) -> bytes:
        return hmac.digest(self._key, body + b"\0" + holder.proof.encode(), hashlib.sha256)
