"""Signed links: ``?fp=KEY.MAC`` says that the brand made the link of this tag; and rotating codes,
``?fp=KEY.STEP.MAC``, that a screen showed it lately.

A MAC has 72 bits, twelve characters of base64url of which none has spare bits, so each link has one form: a guess
succeeds once in 2^72 attempts, whatever keys are accepted, as the link names its key. The keys of the two, and those of
NTAG 424 DNA chips (sun.py), are derived: none of them helps with another.
"""

import hmac
from base64 import urlsafe_b64encode
from typing import Final

PARAMETER: Final = "fp"
MAC_BYTES: Final = 9
STEP_S: Final = 30
"""How long a screen shows a code: the time step of RFC 6238."""
STEPS_BEHIND: Final = 2
"""A code is taken for as many steps after the one in which it was shown: 60 seconds at least, 90 at most after it
appeared."""
STEPS_AHEAD: Final = 1
"""By how many steps the clock of a screen may be ahead."""


def derived_key(secret: bytes, use: str, brand: str, *parts: str) -> bytes:
    """32 bytes: HMAC-SHA256 of the use, the brand's id and the parts, each in UTF-8 after its length (2 bytes)."""
    message = b"".join(len(part).to_bytes(2, "big") + part for part in (t.encode() for t in (use, brand, *parts)))
    return hmac.digest(secret, message, "sha256")


def signature(secret: bytes, brand: str, tag: str) -> str:
    """The MAC of a tag's link. :param brand, tag: ids. The address of the gateway is not in it, so a print survives a
    move."""
    return _text(derived_key(secret, "link", brand, tag))


def is_signature(given: str, secret: bytes, brand: str, tag: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.encode(), signature(secret, brand, tag).encode())


def step_of(now_s: float) -> int:
    """The time step (RFC 6238, 4.2) of a time in seconds since 1970."""
    return int(now_s // STEP_S)


def code_digest(secret: bytes, step: int, digest: str = "sha256") -> bytes:
    """The HMAC of which HOTP takes its digits (RFC 4226, 5.3). The link carries more of it: six digits are guessed."""
    return hmac.digest(secret, step.to_bytes(8, "big"), digest)


def rotating_code(secret: bytes, brand: str, tag: str, step: int) -> str:
    """The code that a screen shows in a time step: ``STEP.MAC``."""
    return f"{step}.{_text(code_digest(derived_key(secret, 'rotating', brand, tag), step))}"


def is_rotating_code(given: str, secret: bytes, brand: str, tag: str) -> int | None:
    """The step of a code that a screen of this key shows at some time; None for any other text. Compared in constant
    time."""
    written = given.partition(".")[0]
    if not (written.isascii() and written.isdigit() and len(written) <= 12):
        return None
    step = int(written)
    return step if hmac.compare_digest(given.encode(), rotating_code(secret, brand, tag, step).encode()) else None


def is_current(step: int, now_s: float) -> bool:
    """Whether a code of this step counts now."""
    return -STEPS_AHEAD <= step_of(now_s) - step <= STEPS_BEHIND


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest[:MAC_BYTES]).decode()
