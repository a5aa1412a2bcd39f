"""API keys: the brand holds only their hashes, and the comparison takes the same time for every token."""

import hashlib
import hmac
from collections.abc import Callable, Iterable

from starlette.requests import Request

from gateway.http.errors import ErrorKind, RequestError
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


def program_key(
    request: Request, keys: Iterable[ApiKey], allows: Callable[[ApiKey], bool], refusal: RequestError, what: str
) -> ApiKey:
    """The key with which a program asks for something that no web page may ask for, since its key would be seen.

    :param refusal: of a key that ``allows`` does not let. :param what: web pages may not do.
    :raises RequestError: NO_KEY, ``refusal``, ORIGIN.
    """
    key = find_key(bearer(request.headers.get("authorization", "")), keys)
    if key is None:
        raise RequestError(ErrorKind.NO_KEY, "an API key is needed: Authorization: Bearer …")
    if not allows(key):
        raise refusal
    if "origin" in request.headers:
        raise RequestError(ErrorKind.ORIGIN, f"web pages may not {what}: they show their key")
    return key
