"""What the privacy page signs: its forms, the links that it sends, and what a browser keeps for it.

All signatures are keyed hashes with keys that follow from the deployment's identifier key, so every gateway takes what
another one signed.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, NamedTuple
from uuid import UUID

DAY_S: Final = 86_400
LINK_S: Final = 3_600
"""How long a link holds."""
BROWSER_S: Final = 7 * DAY_S
"""How long a browser may look at a request: as long as its data is kept."""
_MAC_BYTES: Final = 16
_NONCE_BYTES: Final = 16
_TIME_BYTES: Final = 5
_HASH_BYTES: Final = 16
MAX_TOKEN_CHARS: Final = 200


class Link(NamedTuple):
    """What a link is for: the person of an e-mail address, ``email:hash``. ``nonce`` makes it single-use."""

    identifier: str
    nonce: str


class Tokens:
    """:param key: the identifier key."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"footpath privacy page", "sha256")

    def form(self, device: str, now_s: float) -> str:
        """What a form of the page has to send back: of this device and day. :param device: empty for none."""
        return self._form(device, int(now_s // DAY_S))

    def is_form(self, token: str, device: str, now_s: float) -> bool:
        """Whether a form is the page's own, of today or the day before."""
        day = int(now_s // DAY_S)
        return any([hmac.compare_digest(token.encode(), self._form(device, one).encode()) for one in (day, day - 1)])

    def link(self, identifier: str, now_s: float) -> str:
        """The end of a new link's address. :param identifier: of type email."""
        expires = (int(now_s) + LINK_S).to_bytes(_TIME_BYTES, "big")
        body = os.urandom(_NONCE_BYTES) + expires + bytes.fromhex(identifier.partition(":")[2])
        return _encoded(body + self._mac(b"link", body))

    def read_link(self, token: str, now_s: float) -> Link | None:
        """The link; None where nobody of this deployment signed it, or it has expired."""
        body = self._body(b"link", token, _NONCE_BYTES + _TIME_BYTES + _HASH_BYTES)
        if body is None or int.from_bytes(body[_NONCE_BYTES : _NONCE_BYTES + _TIME_BYTES], "big") < now_s:
            return None
        return Link(f"email:{body[-_HASH_BYTES:].hex()}", body[:_NONCE_BYTES].hex())

    def browser(self, request_id: str, now_s: float) -> str:
        """What a browser keeps that may look at a request."""
        body = UUID(request_id).bytes + (int(now_s) + BROWSER_S).to_bytes(_TIME_BYTES, "big")
        return _encoded(body + self._mac(b"browser", body))

    def read_browser(self, token: str, now_s: float) -> str | None:
        """The request that a browser may look at."""
        body = self._body(b"browser", token, 16 + _TIME_BYTES)
        if body is None or int.from_bytes(body[16:], "big") < now_s:
            return None
        return str(UUID(bytes=body[:16]))

    def _form(self, device: str, day: int) -> str:
        return _encoded(self._mac(b"form", f"{device}\0{day}".encode()))

    def _body(self, what: bytes, token: str, size: int) -> bytes | None:
        """The signed bytes of a token that was signed for this, and has this size."""
        try:
            content = urlsafe_b64decode(token[:MAX_TOKEN_CHARS].encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError:
            return None
        body, mac = content[:-_MAC_BYTES], content[-_MAC_BYTES:]
        if len(body) != size or _encoded(content) != token:
            return None
        return body if hmac.compare_digest(mac, self._mac(what, body)) else None

    def _mac(self, what: bytes, body: bytes) -> bytes:
        return hmac.digest(self._key, what + b"\0" + body, hashlib.sha256)[:_MAC_BYTES]


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
