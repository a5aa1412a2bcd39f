"""The mail server that sends the page's links, as a setting names it."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from schemas.process.parsers import Parser

_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}")
DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """``tls``: from the first byte on; otherwise the connection turns to TLS (STARTTLS), which only a server on this
    machine need not. ``sender`` is the address that messages come from."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    sender: str

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port})"


def _parse(text: str) -> SmtpServer:
    parts = urlsplit(text)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise ValueError
    user, asked = unquote(parts.username or ""), parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    sender = asked.pop("from", [user])[0]
    if asked or not _ADDRESS.fullmatch(sender):
        raise ValueError
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    return SmtpServer(parts.hostname, port, user, unquote(parts.password or ""), parts.scheme == "smtps", sender)


SMTP: Final = Parser(
    "smtp://user:password@host:port or smtps://…, with ?from=ADDRESS where the user is no address; / @ : # ? % in user "
    "or password are written %2F %40 %3A %23 %3F %25",
    _parse,
)
