"""Links that carry a device from one of the brand's sites to another, encrypted with the deployment's key.

No cookie of a third party does that any more. Whoever follows such a link in time is taken for the same device, as they
are in the browser that it was made in; so it lives no longer than it takes to follow it.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from schemas.identifiers.devices import is_unsigned

GOOD_FOR_S: Final = 120
AHEAD_S: Final = 60
"""By how much the clock of another gateway may be ahead."""
_TIME_BYTES: Final = 6
_MAX_CHARS: Final = 200


class DeviceLinks:
    """:param key: secret of the deployment, at least 16 bytes; all gateways have the same."""

    def __init__(self, key: bytes) -> None:
        # Deterministic encryption (RFC 5297): nothing has to be random, and nothing of the device is seen.
        self._cipher = AESSIV(hashlib.blake2b(key=hashlib.sha256(key).digest(), person=b"fp device link").digest())

    def made(self, device: str, now_s: float) -> str:
        """The link of a device, safe in an address. :param device: an id as gateways issue them."""
        encrypted = self._cipher.encrypt(int(now_s).to_bytes(_TIME_BYTES, "big") + device.encode(), None)
        return urlsafe_b64encode(encrypted).decode().rstrip("=")

    def device(self, link: str, now_s: float) -> str | None:
        """The device of a link; None where it is none, or too old."""
        if len(link) > _MAX_CHARS or not link.isascii():
            return None
        try:
            opened = self._cipher.decrypt(urlsafe_b64decode(link + "=" * (-len(link) % 4)), None)
        except (ValueError, InvalidTag):
            return None
        made_s, device = int.from_bytes(opened[:_TIME_BYTES], "big"), opened[_TIME_BYTES:].decode("latin-1")
        return device if -AHEAD_S <= now_s - made_s <= GOOD_FOR_S and is_unsigned(device) else None
