"""Where a phone may be sent: the brand's registered address prefixes.

Addresses are compared as RFC 3986 (6.2.2, 6.2.3) says: scheme and host in any case, the scheme's own port or none, an
empty path like ``/``. Paths are compared as they are.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_ADDRESS = re.compile(r"(https?)://([^/?#]*)([^?#]*)([?#].*)?", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([0-9]{0,5}))?")
_OWN_PORT = {"https": 443, "http": 80}
_DOTS = frozenset((".", ".."))
MAX_PORT = 65_535


class Address(NamedTuple):
    """An address in normal form. ``origin`` is scheme, host and port; ``rest`` its query and fragment."""

    origin: str
    path: str
    rest: str


@lru_cache(maxsize=1024)  # all tags of a chain have the brand's fallback, and are compared with its destinations
def parse_address(url: str) -> Address | None:
    """The parts of an address; None for what no phone may be sent to: another scheme, no host, credentials, dot
    segments, spaces, backslashes or what is not printable."""
    if not url.isprintable() or "\\" in url or " " in url:
        return None
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return None
    scheme, path = found[1].lower(), found[3]
    authority = _AUTHORITY.fullmatch(found[2].lower())
    if authority is None or ".." in authority[1] or int(authority[2] or 0) > MAX_PORT:
        return None
    if ("." in path or "%" in path) and _DOTS & {step.lower().replace("%2e", ".") for step in path.split("/")}:
        return None
    port = int(authority[2]) if authority[2] else _OWN_PORT[scheme]
    suffix = "" if port == _OWN_PORT[scheme] else f":{port}"
    return Address(f"{scheme}://{authority[1]}{suffix}", path, found[4] or "")


def is_registered(url: str, destinations: tuple[str, ...]) -> bool:
    """Whether a phone may be sent there: an http or https address under one of the registered prefixes.

    A prefix is a whole origin or ends at a path segment: ``https://shop.example`` keeps ``shop.example.evil`` out.
    """
    address = parse_address(url)
    return address is not None and any(_is_under(address, destination) for destination in destinations)


def destination_fault(destination: str) -> str:
    """Why an entry of the destinations registers nothing, in words; empty where it is right."""
    if "*" in destination:
        return "has no wildcards: list each origin"
    host = destination.partition("://")[2].partition("/")[0]
    if not host.isascii():
        return "must have its host in ASCII letters, as browsers send it: xn--…"
    address = parse_address(destination)
    if address is None:
        return "must be https:// or http://, a host, and perhaps a path, e.g. https://shop.example/de"
    return "must have neither a query nor a fragment: they are not part of a prefix" if address.rest else ""


def _is_under(address: Address, destination: str) -> bool:
    prefix = parse_address(destination)
    if prefix is None or prefix.rest or prefix.origin != address.origin:
        return False
    path = prefix.path.rstrip("/")
    return address.path == path or address.path.startswith(path + "/")
