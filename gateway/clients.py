"""Who asks: the address on the socket, or what a trusted proxy says."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import Request

from gateway.settings import Network


@dataclass(frozen=True, slots=True)
class Client:
    """``address`` is an IPv4 address or an IPv6 /64, which is what one line has; ``https`` as the phone sees
    it.
    """

    address: str
    https: bool


def client_of(request: Request, trusted: Sequence[Network]) -> Client:
    """Headers count only on a connection from a trusted proxy; then the last address that is no trusted
    proxy.
    """
    address = request.client.host if request.client else ""
    https = request.url.scheme == "https"
    if _is_trusted(address, trusted):
        https = request.headers.get("x-forwarded-proto", "").strip().lower() == "https"
        hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
            address = hop
            if not _is_trusted(hop, trusted):
                break
    return Client(_line(address), https)


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    if not trusted:
        return False
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


def _line(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), 64), strict=False).network_address)
