"""API keys: only their hashes are known, and comparing takes the same time whatever is presented."""

import hashlib
import hmac
from collections.abc import Iterable

from schemas.brand.model import ApiKey


def bearer(authorization: str) -> str:
    """The key out of an Authorization header (RFC 6750); empty when it carries none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def find_key(token: str, keys: Iterable[ApiKey]) -> ApiKey | None:
    """The key whose hash the token has; every key is compared, so time tells nothing about them."""
    presented = f"sha256:{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()}".encode()
    found = None
    for key in keys:
        if hmac.compare_digest(key.hash.encode(), presented):
            found = key
    return found
