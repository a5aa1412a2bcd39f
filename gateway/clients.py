"""Who asks: the address on the socket, or what a trusted proxy says."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple

from starlette.datastructures import Headers

from gateway.settings import Network

KEPT = 4096
"""Addresses whose parsed form is kept: a proxy's, and those that come again."""
LONGEST = 64
"""Characters of an address that are looked at."""


class Client(NamedTuple):
    """``address`` is an IPv4 address or an IPv6 /64, which is what one line has; ``https`` as the phone sees
    it.
    """

    address: str
    https: bool


def client_of(scope: Mapping[str, Any], trusted: Sequence[Network]) -> Client:
    """Headers count only on a connection from a trusted proxy; then the last address that is no trusted
    proxy.

    :param scope: of an ASGI request.
    """
    peer = scope["client"]
    address = peer[0] if peer else ""
    https = scope["scheme"] == "https"
    if trusted and _is_trusted(address, trusted):
        headers = Headers(raw=scope["headers"])
        https = headers.get("x-forwarded-proto", "").strip().lower() == "https"
        hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed([hop.strip()[:LONGEST] for hop in hops if hop.strip()]):
            address = hop
            if not _is_trusted(hop, trusted):
                break
    return Client(_line(address), https)


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


@lru_cache(KEPT)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None


@lru_cache(KEPT)
def _line(address: str) -> str:
    parsed = _parsed(address)
    if parsed is None:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), 64), strict=False).network_address)
