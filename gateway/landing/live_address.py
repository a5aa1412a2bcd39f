"""The address of a scan's live events, which a page has and its phone alone may use.

It is signed with the deployment's key for this scan and device, so that any gateway tells without asking another one:
whoever has the address and not the device's cookie learns nothing, nor does the device with another scan's id.
"""

import hashlib
import hmac
from html import escape
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

WITHIN_S: Final = 600
"""After the page was sent its address is good for so long."""
AHEAD_S: Final = 300
"""By how much the clock of another gateway may be ahead."""
MAC_BYTES: Final = 16


class Decided(NamedTuple):
    """What the live events say of the decision, which the page shows."""

    moment: str
    route: str


class LiveAddresses:
    """:param key: secret of the deployment, at least 16 bytes. :param base: path that phones reach the gateway at."""

    def __init__(self, key: bytes, base: str = "") -> None:
        self._mac = hashlib.blake2b(key=hashlib.sha256(key).digest(), digest_size=MAC_BYTES, person=b"fp live")
        self._base = base

    def address(self, event_id: str, device: str, decided: Decided, now_s: float) -> bytes:
        """The address, safe in an attribute of HTML."""
        sent_s = int(now_s)
        signed = self._sign(event_id, device, decided, sent_s)
        query = urlencode({"at": sent_s, "moment": decided.moment, "route": decided.route, "key": signed})
        return escape(f"{self._base}/v1/events/{quote(event_id, safe='')}/live?{query}").encode()

    def is_for(self, event_id: str, device: str, decided: Decided, sent: str, key: str, now_s: float) -> bool:
        """Whether a page of this device had the address, and lately. :param sent, key: members of the query."""
        if not (sent.isascii() and sent.isdigit() and len(sent) < 16 and key.isascii()):
            return False
        expected = self._sign(event_id, device, decided, int(sent))
        return hmac.compare_digest(key, expected) and -AHEAD_S <= now_s - int(sent) <= WITHIN_S

    def _sign(self, event_id: str, device: str, decided: Decided, sent_s: int) -> str:
        mac = self._mac.copy()
        mac.update("\0".join((event_id, device, *decided, str(sent_s))).encode(errors="surrogatepass"))
        return mac.hexdigest()
