"""Visits of a page: a phone that loads the page again sees the same page, and its scan counts once.

The page that answered a scan is in a cookie of the phone, signed with the deployment's key, for this device and tag.
When the browser says that it reloads, within :data:`WINDOW_S` and at whichever gateway, the page comes from there.
Going back to the page asks no gateway: the browser may store it (:data:`CACHE`). Whoever follows the link anew scans
anew: then nothing is said of a reload. Within :data:`DOUBLE_TAP_S` that is one tap too many: the same visit, of a page
and of a redirect, which is a page with nothing to show here.
"""

import hashlib
import hmac
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec

from gateway.landing.page import Page

COOKIE: Final = "fp_page"
WINDOW_S: Final = 30 * 60
"""As long as a visit may pause (processors/context/state.py)."""
DOUBLE_TAP_S: Final = 5
"""A tag is not left and scanned again as fast, but a phone is held to a chip twice, and a link is tapped twice."""
AHEAD_S: Final = 300
"""By how much the clock of another gateway may be ahead."""
MAX_COOKIE_CHARS: Final = 3800
"""Of its value: browsers take 4096 bytes with name and value (RFC 6265bis); a page beyond it is scanned anew."""
CACHE: Final = (b"cache-control", b"private, max-age=0")
"""For a page: stored on the phone for the way back, where it is shown without a request; asked for anew by any other
way."""
MAC_BYTES: Final = 16
_HEAD_BYTES: Final = MAC_BYTES + 8 + 16
_PATH: Final = re.compile(rb"[A-Za-z0-9._~!$&'()*+=:@%/-]{1,1000}")
_RELOADS: Final = (b"no-cache", b"max-age=0")


class PageVisits:
    """:param key: secret of the deployment, at least 16 bytes; all gateways have the same.

    :param path: of the address that phones reach the gateway at, before ``/s/``.
    """

    def __init__(self, key: bytes, path: str = "") -> None:
        # BLAKE2b is a keyed hash by itself (RFC 7693, 2.9), in a fourth of the time of HMAC.
        self._mac = hashlib.blake2b(key=hashlib.sha256(key).digest(), digest_size=MAC_BYTES, person=b"fp page visit")
        self.base, self._path = path, path.encode()

    def cookie(
        self,
        page: Page,
        event_id: str,
        device: str,
        tag_id: str,
        now_s: float,
        path: bytes,
        https: bool,
        known: bytes = b"",
    ) -> bytes | None:
        """The value of ``Set-Cookie`` that remembers the page; None where no cookie can.

        :param event_id: of the scan, a UUID. :param path: of the request, as it was sent. :param known: what follows
            from the brand (gateway/brand/known_texts.py), so that the cookie has only the rest.
        """
        body = int(now_s).to_bytes(8, "big") + bytes.fromhex(event_id.replace("-", "")) + _packed(page, known)
        value = urlsafe_b64encode(self._sign(body, device, tag_id) + body).rstrip(b"=")
        if len(value) > MAX_COOKIE_CHARS or not _PATH.fullmatch(path):
            return None
        secure = b"; Secure" if https else b""
        kept_s = DOUBLE_TAP_S if is_redirect(page) else WINDOW_S
        return b"%s=%s; HttpOnly; Max-Age=%d; Path=%s%s; SameSite=lax%s" % (
            COOKIE.encode(), value, kept_s, self._path, path, secure,
        )  # fmt: skip

    def page(
        self, value: str, device: str, tag_id: str, now_s: float, known: bytes = b"", window_s: int = WINDOW_S
    ) -> tuple[str, Page] | None:
        """The id of the scan, and the page that answered it; None where the cookie is not ours, not this phone's, of
        another tag, or older than ``window_s``."""
        try:
            content = urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
        except ValueError:
            return None
        mac, body = content[:MAC_BYTES], content[MAC_BYTES:]
        if len(content) <= _HEAD_BYTES or not hmac.compare_digest(mac, self._sign(body, device, tag_id)):
            return None
        age_s = now_s - int.from_bytes(body[:8], "big")
        if not -AHEAD_S <= age_s <= window_s:
            return None
        try:
            packed = zlib.decompressobj(zdict=known).decompress(body[24:])
        except zlib.error:
            return None
        page = Page(*msgspec.json.decode(packed, type=tuple[str, ...]))
        return None if is_redirect(page) and age_s > DOUBLE_TAP_S else (str(UUID(bytes=body[8:24])), page)

    def _sign(self, body: bytes, device: str, tag_id: str) -> bytes:
        mac = self._mac.copy()
        mac.update(f"{device}\0{tag_id}\0".encode() + body)
        return mac.digest()


def visited(tag_id: str, parameters: Mapping[str, str]) -> str:
    """What a visit is of: a link with other parameters that count is another one."""
    return f"{tag_id}?{dict(parameters)}" if parameters else tag_id


def redirect_to(destination: str) -> Page:
    """A redirect, as the cookie has it."""
    return Page("", "", "", destination)


def is_redirect(page: Page) -> bool:
    """Whether there is nothing to show: the phone goes to the destination at once."""
    return not (page.title or page.text or page.label)


def is_reload(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the browser asks for a page that it has, as it does when somebody reloads it (Fetch standard, "cache
    mode" reload and no-cache; RFC 9111, 5.2.1 and 5.4)."""
    return any(
        (name == b"cache-control" and any(one in value.lower() for one in _RELOADS))
        or (name == b"pragma" and b"no-cache" in value.lower())
        for name, value in headers
    )


@lru_cache(1024)
def _packed(page: Page, known: bytes) -> bytes:
    packer = zlib.compressobj(zdict=known)
    return packer.compress(msgspec.json.encode(tuple(page))) + packer.flush()
