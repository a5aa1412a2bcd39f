"""The client of a request: the peer of the connection, or whom a trusted proxy names."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple

from starlette.datastructures import Headers

from schemas.process.parsers import Network

CACHED = 4096
"""Addresses whose parsed form is cached: a proxy's, and those that come again."""
MAX_CHARS = 64
"""Characters of an address that are looked at."""
BLANKS_AND_QUOTES = ' \t"'


class Client(NamedTuple):
    """``address`` is an IPv4 address or an IPv6 /64, which is what one line has; ``https``: whether the phone's own
    connection is encrypted.
    """

    address: str
    https: bool


def client_of(scope: Mapping[str, Any], trusted: Sequence[Network]) -> Client:
    """The client of an ASGI request.

    Forwarding headers count only on a connection from a trusted proxy; then the client is the last address of
    X-Forwarded-For that is not a trusted proxy.

    :param scope: of an ASGI request.
    """
    peer = scope["client"]
    address = peer[0] if peer else ""
    https = scope["scheme"] == "https"
    if trusted and is_trusted(address, trusted):
        headers = Headers(raw=scope["headers"])
        # Each proxy adds the scheme of its own connection: the first one is the phone's.
        schemes = ",".join(headers.getlist("x-forwarded-proto")).split(",")
        https = schemes[0].strip(BLANKS_AND_QUOTES).lower() == "https"
        hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed([hop.strip()[:MAX_CHARS] for hop in hops if hop.strip()]):
            address = without_port(hop)
            if not is_trusted(address, trusted):
                break
    return Client(line_of(address), https)


def without_port(hop: str) -> str:
    """The address of a hop, which proxies also write as ``address:port``, ``[address]``, ``[address]:port`` and in
    quotes."""
    hop = hop.strip(BLANKS_AND_QUOTES)
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


@lru_cache(CACHED)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """The address; an IPv4 address in IPv6 form, as a dual-stack listener gives it, is the IPv4 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed


@lru_cache(CACHED)
def line_of(address: str) -> str:
    """The address that stands for a subscriber's line; ``unknown`` for what is no address."""
    parsed = _parsed(address)
    if parsed is None:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(ip_network((int(parsed), 64), strict=False).network_address)
