"""Identifiers as an operator writes them: a raw value, or the hash that lists show."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from deploy.errors import Refused
from deploy.target import read_data
from gateway.settings import SettingsError, read_identifier_key
from schemas.identifiers import InvalidIdentifier, Pseudonyms, is_blocked

_HASH = re.compile(r"hash:([0-9a-f]{32})")
KEY_FILE = "FOOTPATH_IDENTIFIER_KEY_FILE"


@dataclass(frozen=True, slots=True)
class Named:
    """A type, and a value: raw, or ``hash:`` and 32 hex digits."""

    kind: str
    value: str

    @property
    def hash(self) -> str | None:
        """The hash, when that is what was written."""
        found = _HASH.fullmatch(self.value)
        return found[1] if found else None

    def sent(self) -> dict[str, str]:
        """As the events API takes it."""
        return {"type": self.kind, "hash": self.hash} if self.hash else {"type": self.kind, "value": self.value}


def written(identifier: str) -> str:
    """A stored identifier as the commands take it."""
    kind, _, hashed = identifier.partition(":")
    return f"{kind} hash:{hashed}"


def identifier_of(named: Named, environ: Mapping[str, str], country: str) -> str:
    """As it is stored. A random MAC address is that of today (UTC).

    :param country: of the brand; reads national phone numbers.
    :raises Refused: no identifier, a placeholder, or the key of the hashes cannot be read.
    """
    if named.hash:
        return f"{named.kind}:{named.hash}"
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    try:
        identifier = Pseudonyms(_key(environ), country).identifier(named.kind, named.value, now)
    except InvalidIdentifier as error:
        raise Refused(f"{named.kind} {named.value!r} {error}") from None
    if is_blocked(identifier):
        raise Refused(f"{named.kind} {named.value!r} is a placeholder, which is nobody's")
    return identifier


def _key(environ: Mapping[str, str]) -> bytes:
    try:
        return read_identifier_key(environ.get(KEY_FILE) or str(read_data(environ) / "secrets" / "identifier.key"))
    except SettingsError as error:
        raise Refused(
            f"{error}; a raw value is found by the key that identifiers are hashed with, hash:… as lists show it needs "
            "none"
        ) from None
