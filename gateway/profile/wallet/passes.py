"""What a pass says, whichever wallet it is for."""

import hashlib
from typing import Final

import msgspec

CARD: Final = "card"
COUPON: Final = "coupon"


class Pass(msgspec.Struct, frozen=True):
    """``id`` is the same for the same card or coupon, and names nobody; ``group`` is the coupon's pool, empty of a
    card; ``code`` is what a till scans, ``shown`` the same for people. ``points`` is None on a coupon; ``expires_at``
    in microseconds, 0: never."""

    kind: str
    id: str
    group: str
    code: str
    shown: str
    title: str
    text: str = ""
    points: int | None = None
    expires_at: int = 0


def pass_id(key: bytes, kind: str, code: str) -> str:
    """The id of a pass, from which nobody learns the code."""
    return hashlib.blake2b(f"{kind}\0{code}".encode(), digest_size=16, key=key[:64], person=b"fp pass").hexdigest()
