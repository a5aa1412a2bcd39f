"""What the link of a scan proves, by what its tag demands (``security`` of the brand's tags).

Without the keys of tags nothing can be proven, so tags that demand something refuse every scan.
"""

import logging
import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from schemas.brand.model import Tag
from schemas.brand.tags import NTAG424, SIGNED
from schemas.reasons import TrustReason
from schemas.trust.keys import TagKey, TagKeys
from schemas.trust.signed import PARAMETER, is_current, is_rotating_code, is_signature
from schemas.trust.sun import Tap, file_key, is_proven, meta_key, tap_of

log = logging.getLogger(__name__)

MAX_QUERY_BYTES: Final = 4096
_VALUE: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_MAX_ENC_CHARS: Final = 512
"""Twice the 256 bytes that a chip can mirror."""


class Proof(NamedTuple):
    """``refused`` says why the scan is refused, empty when it is not; ``reasons`` what speaks against it; ``tap`` is
    what the chip says, None without one."""

    refused: str = ""
    reasons: tuple[str, ...] = ()
    tap: Tap | None = None


NOTHING_ASKED: Final = Proof()
_FORGED: Final = Proof(TrustReason.FORGED)


class LinkCheck:
    """:param keys: of the deployment; None where it has none."""

    def __init__(self, keys: TagKeys | None) -> None:
        self._keys = keys
        self._warned = False

    def check(self, tag: Tag, brand: str, query: bytes, now_s: float) -> Proof:
        """The proof in a link. :param brand: its id. :param query: of the link. :param now_s: seconds since 1970."""
        if not tag.security:
            return NOTHING_ASKED
        if self._keys is None and not self._warned:
            self._warned = True
            log.error("tags such as %s demand a proof, and FOOTPATH_TAG_KEY_FILE is not set: they are refused", tag.id)
        given = _parameters(query[:MAX_QUERY_BYTES])
        # A chat may have put a full stop behind the link.
        found = _VALUE.match(given.get(PARAMETER, ""))
        if found is None:
            return Proof(TrustReason.UNSIGNED)
        key_id, _, rest = found[0].partition(".")
        key = self._keys.find(key_id) if self._keys is not None else None
        if key is None or not key.accepts(now_s):
            return _FORGED
        reasons = () if key.until is None else (TrustReason.KEY_OUTLIVED.value,)
        if tag.security == SIGNED:
            return Proof(reasons=reasons) if is_signature(rest, key.secret, brand, tag.id) else _FORGED
        if tag.security == NTAG424:
            tap = _proven_tap(tag, brand, given, key)
            return Proof(reasons=reasons, tap=tap) if tap is not None else _FORGED
        step = is_rotating_code(rest, key.secret, brand, tag.id)
        if step is None:
            return _FORGED
        return Proof(reasons=reasons) if is_current(step, now_s) else Proof(TrustReason.CODE_EXPIRED)


def _proven_tap(tag: Tag, brand: str, given: dict[str, str], key: TagKey) -> Tap | None:
    """The tap that the link of a chip proves, as AN12196 has it: ``picc_data=…&enc=…&cmac=…``, where ``enc`` may be
    missing and the CMAC is over the value of ``enc`` and ``&cmac=``."""
    enc = given.get("enc", "")
    try:
        picc_data, cmac = bytes.fromhex(given.get("picc_data", "")), bytes.fromhex(given.get("cmac", ""))
        mac_input = f"{enc}&cmac=".encode("ascii") if enc else b""
    except ValueError:
        return None
    tap = tap_of(picc_data, meta_key(key.secret, brand, tag.id))
    if tap is None or len(enc) > _MAX_ENC_CHARS or (tag.uid and tap.uid.hex() != tag.uid.lower()):
        return None
    return tap if is_proven(tap, file_key(key.secret, brand, tag.id, tap.uid), mac_input, cmac) else None


@lru_cache(512)
def _parameters(query: bytes) -> dict[str, str]:
    """Each parameter with its first value. Remembered: all codes of a print run have the same."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), errors="replace"):
        found.setdefault(name, value)
    return found
