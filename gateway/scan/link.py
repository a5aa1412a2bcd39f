"""The link of a tag, as QR codes carry it: plain ASCII, so that every decoder reads the same.

Other characters are percent-encoded as UTF-8 (RFC 3986, 2.1; RFC 3987, 3.1), host names are in their ASCII form
(IDNA, RFC 5891), and there always is a scheme: without one a phone takes the text for no link.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import quote

import idna

from schemas.brand.destinations import parse_address
from schemas.process.parsers import Parser

_BASE: Final = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]{1,5})?")
_IN_PATHS: Final = "/:@!$&'()*+,;=%"
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
LOCAL_NAMES: Final = ("localhost", "local", "internal", "lan", "home.arpa", "localdomain", "test", "invalid")
"""Ends of names that no public name server knows (RFC 6761, 6762, 8375, and in use)."""


def base_address(text: str) -> str:
    """An address that links may begin with, in ASCII and without a slash at the end.

    :raises ValueError: it has no scheme, no host, a user, a query or fragment, dot segments, or a host that is none.
    """
    found = _BASE.fullmatch(text.strip())
    if found is None:
        raise ValueError("no http or https address without query and fragment")
    authority = _AUTHORITY.fullmatch(found[2])
    if authority is None or not authority[1]:
        raise ValueError("no host")
    path = _ESCAPE.sub("%25", quote(found[3] or "", safe=_IN_PATHS))
    base = f"{found[1].lower()}://{_ascii_host(authority[1])}{authority[2] or ''}{path}".rstrip("/")
    if parse_address(base) is None:
        raise ValueError("no address that a phone can be sent to")
    return base


BASE_ADDRESS: Final = Parser(
    "an address that starts with http:// or https://, with a host, and without user, query and fragment", base_address
)
"""Given back in ASCII, without a slash at the end."""


def link_of(base: str, tag_id: str) -> str:
    """The link of a tag. :param base: see :func:`base_address`."""
    return f"{base}/s/{quote(tag_id, safe='')}"


def reach_warning(base: str) -> str:
    """Why phones elsewhere cannot follow links that begin with this address, in words; empty where they can.

    :param base: see :func:`base_address`.
    """
    host = base.partition("://")[2].partition("/")[0]
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    address = _address_of(host)
    if address is not None:
        if address.is_loopback or address.is_unspecified:
            return f"{host} is this machine itself: no phone can follow these codes"
        return "" if address.is_global else f"{host} is a private address: only phones in its own network can follow"
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return f"{host} is this machine itself: no phone can follow these codes"
    if "." not in name or name.endswith(tuple(f".{end}" for end in LOCAL_NAMES)):
        return f"{host} is no public name: only phones in its own network can follow"
    return ""


def _ascii_host(host: str) -> str:
    if host.startswith("["):
        return f"[{IPv6Address(host[1:].removesuffix(']'))}]"
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode()
    host = host.lower()
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        # Browsers read such a host as an IPv4 address, and refuse or change what is none (URL standard, 3.5).
        return str(IPv4Address(host))
    for label in labels:
        if label.startswith("xn--"):
            idna.decode(label)
    return host


def _address_of(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
