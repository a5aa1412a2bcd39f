"""Identifiers as an operator enters them: a raw value, or the hash that lists print."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from deploy.operate.identity.dead import dead_identifiers
from deploy.target import read_identifier_key
from schemas.identifiers.dead import Dead
from schemas.identifiers.keys import IdentifierKeys
from schemas.identifiers.normalise import InvalidIdentifier
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.identifiers.types import is_blocked
from schemas.process.errors import OperatorError
from schemas.process.settings import SettingError

_HASH = re.compile(r"hash:([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class IdentifierInput:
    """An identifier's type, and its value: raw, or ``hash:`` and 32 hex digits."""

    kind: str
    value: str

    @property
    def hash(self) -> str | None:
        """The hash; None when the value is raw."""
        found = _HASH.fullmatch(self.value)
        return found[1] if found else None

    def as_event_field(self) -> dict[str, str]:
        """The shape of the events API."""
        return {"type": self.kind, "hash": self.hash} if self.hash else {"type": self.kind, "value": self.value}


def as_argument(identifier: str) -> str:
    """A stored identifier as arguments of `footpath identity`: ``customer:ab…`` is ``customer hash:ab…``."""
    kind, _, hashed = identifier.partition(":")
    return f"{kind} hash:{hashed}"


def stored_identifier(
    given: IdentifierInput, environ: Mapping[str, str], country: str, dead: Dead | None = None
) -> str:
    """The identifier as it is stored, ``type:hash``: of somebody who was erased the living one, unless it is given as
    a hash. A randomised MAC address is hashed with today's date (UTC).

    :param country: the brand's country, ISO 3166 alpha-2; it completes national phone numbers.
    :param dead: the dead identifiers, by default those that Kafka has.
    :raises OperatorError: no valid identifier, a placeholder, the key of the hashes cannot be read, or Kafka, which
        knows who was erased, does not answer.
    """
    if given.hash:
        return f"{given.kind}:{given.hash}"
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    try:
        identifier = _pseudonyms(environ, country, dead).identifier(given.kind, given.value, now)
    except InvalidIdentifier as error:
        raise OperatorError(f"{given.kind} {given.value!r} {error}") from None
    if is_blocked(identifier):
        raise OperatorError(f"{given.kind} {given.value!r} is a placeholder and identifies nobody")
    return identifier


def csv_of_pseudonyms(kind: str, values: Iterable[str], environ: Mapping[str, str], country: str) -> Iterator[str]:
    """Lines of a CSV file with the columns value and hash, its header first; hash is empty where a value is no
    identifier of this type or a placeholder. Blank values are left out.

    :param country: as in :func:`stored_identifier`.
    :raises OperatorError: the key of the hashes cannot be read, or Kafka does not answer.
    """
    pseudonyms = _pseudonyms(environ, country)
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    yield csv_line("value", "hash")
    for value in filter(None, map(str.strip, values)):
        try:
            identifier = pseudonyms.identifier(kind, value, now)
        except InvalidIdentifier:
            yield csv_line(value, "")
        else:
            yield csv_line(value, "" if is_blocked(identifier) else identifier.partition(":")[2])


def csv_line(*cells: str) -> str:
    """One line of RFC 4180 without its end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _pseudonyms(environ: Mapping[str, str], country: str, dead: Dead | None = None) -> Pseudonyms:
    key = _key(environ)
    return Pseudonyms(key, country, dead=dead_identifiers(environ) if dead is None else dead)


def _key(environ: Mapping[str, str]) -> IdentifierKeys:
    try:
        return read_identifier_key(environ)
    except SettingError as error:
        raise OperatorError(
            f"{error}; a raw value needs the key that identifiers are hashed with, hash:… as lists print it does not"
        ) from None
