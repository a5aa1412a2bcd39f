"""Proofs of identifiers: with the key that stands in a web page anybody can state that a phone is a customer's, so an
identifier counts there only with a proof that the brand's own server signed.

A proof is ``<expires>.<signature>``: seconds since 1970, and the unpadded base64url of an HMAC-SHA-256 (RFC 2104) over
type, value, device and ``expires``, each as UTF-8 text as the event has it, with a zero byte between them. It holds for
one device: the first identifier of type ``device`` of the same event. The key is derived from the identifier key, and
tells nothing of it (`footpath identity proof-key`).
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Final

from schemas.identifiers.keys import Key, keys_of

LONGEST_PROOF: Final = 80
_PROOF: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class Proofs:
    """:param key: the identifier key; of several the newest makes proofs, and those of all hold."""

    def __init__(self, key: Key) -> None:
        keys = keys_of(key)
        self.key, *self._others = (
            hmac.digest(one, b"footpath identifier proofs", "sha256") for one in (keys.newest, *keys.others)
        )

    def proof(self, kind: str, value: str, device: str, expires_s: int) -> str:
        """The proof that a value of a type belongs to the device, until ``expires_s`` (seconds since 1970)."""
        return _proof(self.key, kind, value, device, expires_s)

    def holds(self, proof: str, kind: str, value: str, device: str, now_s: int) -> bool:
        """Whether the proof is one of this deployment, for these and not expired."""
        found = _PROOF.fullmatch(proof)
        if found is None or int(found[1]) < now_s or "\0" in f"{kind}{value}{device}":
            return False
        expires_s = int(found[1])
        return any(
            hmac.compare_digest(proof, _proof(key, kind, value, device, expires_s)) for key in (self.key, *self._others)
        )


def _proof(key: bytes, kind: str, value: str, device: str, expires_s: int) -> str:
    text = "\0".join((kind, value, device, str(expires_s)))
    signature = hmac.digest(key, text.encode(errors="surrogatepass"), hashlib.sha256)
    return f"{expires_s}.{urlsafe_b64encode(signature)[:43].decode()}"
