"""The loyalty number of the card that a phone adds to its wallet: it follows from the device, whose own it is."""

import hashlib
import hmac
from typing import Final

from schemas.coupons.codes import ALPHABET

LOYALTY: Final = "loyalty"
CHARS: Final = 16
"""Symbols of 5 bits: with 80 bits of a keyed hash nobody meets the card of somebody else by guessing."""


class CardNumbers:
    """:param key: secret of the deployment, which all gateways share."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"footpath wallet cards", "sha256")

    def of(self, device: str) -> str:
        """The number. :param device: an id as gateways issue them."""
        hashed = hashlib.blake2b(device.encode(), digest_size=CHARS * 5 // 8, key=self._key, person=b"fp card").digest()
        bits = int.from_bytes(hashed, "big")
        return "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(CHARS)))
