"""API keys: the brand holds only their hashes, and the comparison takes the same time for every token."""

import hashlib
import hmac
from collections.abc import Iterable

from schemas.brand.model import ApiKey


def bearer(authorization: str) -> str:
    """The token of an Authorization header (RFC 6750); empty when it carries none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def find_key(token: str, keys: Iterable[ApiKey]) -> ApiKey | None:
    """The key whose hash the token has. Every key is compared, so that the time taken reveals nothing about them."""
    token_hash = f"sha256:{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()}".encode()
    found = None
    for key in keys:
        if hmac.compare_digest(key.hash.encode(), token_hash):
            found = key
    return found
