"""Parsers of settings: text to value."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from urllib.parse import urlsplit

from schemas.identifiers.keys import MIN_KEY_BYTES, IdentifierKeys, read_identifier_keys

if TYPE_CHECKING:
    from schemas.contacts.wrapping import MasterKeys
    from schemas.coupons.keys import CouponKeys
    from schemas.protection.reject_keys import RejectKeys
    from schemas.trust.keys import TagKeys

T = TypeVar("T")
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Parser(Generic[T]):
    """``allowed`` says what a text must be, unit included; it is empty where every text is taken. ``parse`` raises
    ``ValueError`` for any other text."""

    allowed: str
    parse: Callable[[str], T]


def choice(*words: str) -> Parser[str]:
    """One of these words."""
    return Parser(" or ".join(words), lambda value: words[words.index(value)])


def whole_number(low: int, high: int | None = None, unit: str = "") -> Parser[int]:
    """A whole number from ``low`` to ``high``, both included; ``unit`` says what it counts."""

    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or int(value) < low or (high is not None and int(value) > high):
            raise ValueError
        return int(value)

    span = f"from {low} to {high}" if high is not None else f"of at least {low}"
    return Parser(f"a whole number {span}" + (f" ({unit})" if unit else ""), parse)


def _share(value: str) -> float:
    if not re.fullmatch(r"[01]|[01]?\.\d{1,6}", value) or not 0 < float(value) <= 1:
        raise ValueError
    return float(value)


def _url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError
    return value.rstrip("/")


def _http_address(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    parts = urlsplit(_url(scheme.lower() + separator + rest))
    if not parts.hostname or parts.port == 0 or parts.query or parts.fragment or re.search(r"\s", value):
        raise ValueError
    return parts.geturl()


def _http_addresses(value: str) -> str:
    return ",".join(_http_address(part.strip()) for part in value.split(","))


def _networks(value: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in value.split(","))


def _key_file(value: str) -> IdentifierKeys:
    return read_identifier_keys(Path(value).expanduser().read_text(encoding="ascii"))


def _brokers(value: str) -> str:
    for part in value.split(","):
        host, _, port = part.strip().rpartition(":")
        if not re.fullmatch(r"[^\s/@:,]+|\[[0-9A-Fa-f:.]+\]", host) or not port.isascii() or not port.isdigit():
            raise ValueError
    return ",".join(part.strip() for part in value.split(","))


def _secret_file(value: str) -> Path:
    file = Path(value).expanduser()
    if len(file.read_text(encoding="utf-8").strip().splitlines()) != 1:
        raise ValueError
    return file


def _pem_file(value: str) -> Path:
    # Imported here: most commands need no TLS.
    import ssl

    file = Path(value).expanduser()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=file.read_text(encoding="utf-8"))
    except ssl.SSLError:
        raise ValueError from None
    return file


def _reject_keys(value: str) -> "RejectKeys":
    # Imported here: its library takes 30 ms to load, which most commands need not pay.
    from schemas.protection.reject_keys import RejectKeys

    return RejectKeys(Path(value).expanduser())


def _master_keys(value: str) -> "MasterKeys":
    from schemas.contacts.wrapping import MasterKeys

    return MasterKeys(Path(value).expanduser())


def _coupon_keys(value: str) -> "CouponKeys":
    from schemas.coupons.keys import read_coupon_keys

    return read_coupon_keys(Path(value).expanduser().read_text(encoding="ascii"))


def _tag_keys(value: str) -> "TagKeys":
    from schemas.trust.keys import TagKeys

    return TagKeys(Path(value).expanduser())


def _day(value: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError
    return date.fromisoformat(value)


TEXT: Final = Parser("", str)
PATH: Final = Parser("a path; ~ is the user's home", lambda value: Path(value).expanduser())
SHARE: Final = Parser("a number above 0 and up to 1", _share)
URL: Final = Parser("an address that starts with http:// or https://", _url)
"""Given back without a slash at the end."""
BROKERS: Final = Parser("host:port[,host:port], without a scheme", _brokers)
SECRET_FILE: Final = Parser("a file with the secret alone, in one line", _secret_file)
"""Gives the file."""
PEM_FILE: Final = Parser("a file with certificates in PEM", _pem_file)
HTTP_ADDRESS: Final = Parser(
    "an address that starts with http:// or https://, with a host; / @ : # ? in its user or password are written "
    "%2F %40 %3A %23 %3F",
    _http_address,
)
"""The same, where the address may have user and password."""
HTTP_ADDRESSES: Final = Parser(
    "one or more addresses, separated by commas, that start with http:// or https://, each with a host; / @ : # ? , in "
    "a user or password are written %2F %40 %3A %23 %3F %2C",
    _http_addresses,
)
FLAG: Final = Parser("0 or 1", lambda value: ("0", "1").index(value) == 1)
DAY: Final = Parser("a day such as 2027-01-31 (UTC)", _day)
NETWORKS: Final = Parser("networks such as 10.0.0.0/8, separated by commas", _networks)
KEY_FILE: Final = Parser(
    f"a file of hex digits only, at least {2 * MIN_KEY_BYTES} of them ({MIN_KEY_BYTES} bytes); of several keys each "
    "has a line with an id before it, and a blank",
    _key_file,
)
"""Gives the keys that the file holds."""
REJECT_KEYS: Final = Parser(
    "a file with a line for each key: its id, a blank, 64 hex digits; `footpath reject-keys add` writes it",
    _reject_keys,
)
"""Gives the keys that the file holds."""
CONTACT_KEYS: Final = Parser(
    "a file with a line for each key: its id, a blank, 64 hex digits; `footpath contact-keys add` writes it",
    _master_keys,
)
"""Gives the master keys that the file holds."""
COUPON_KEYS: Final = Parser(
    "a file with a line for each key: its id, a blank, 64 hex digits; `footpath coupons new-key` writes it",
    _coupon_keys,
)
"""Gives the keys of coupon codes that the file holds."""
TAG_KEYS: Final = Parser(
    "a file with a line for each key: its id, a blank, 64 hex digits, its state; `footpath tag-keys create` writes it",
    _tag_keys,
)
"""Gives the keys of tags that the file holds."""
