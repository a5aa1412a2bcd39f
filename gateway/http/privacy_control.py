"""Global Privacy Control: the header by which a browser says that its user objects (W3C, "Global Privacy Control")."""

from collections.abc import Iterable
from typing import Final

SEC_GPC: Final = b"sec-gpc"


def sends_gpc(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request has it; its only value is 1. :param headers: of an ASGI scope."""
    return any(name == SEC_GPC and value.strip() == b"1" for name, value in headers)
