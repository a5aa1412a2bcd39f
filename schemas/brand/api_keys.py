"""Section ``api_keys``: who may send events and requests about people's data, and who may see profiles."""

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from schemas import kinds
from schemas.brand.item import MAX_ID_CHARS, Item, Mistake, Sections, below_one, unknown_name

_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_NAMESPACE = re.compile(rf"[\w.-]{{1,{MAX_ID_CHARS}}}")


class ApiKey(Item, frozen=True, omit_defaults=True):
    """A sender. The key itself is stored nowhere: ``hash`` is ``sha256:`` and the hex SHA-256 of its text. Its event
    ids count within ``namespace``, which the keys of one system may share; by default each has its own, its id. An
    empty one leaves ids as they are, as all were up to 0.2.

    ``public``: the key stands where anybody can read it, as in a web page or an app. Its identifiers are claims that
    count with a proof only (schemas/identifiers/proofs.py), and its events earn what a reward says of public keys. By
    default a key is public that may send web kinds and nothing else."""

    section: ClassVar[str] = "api_keys"
    kind: ClassVar[str] = "api_key"

    hash: str
    scopes: tuple[str, ...]
    events_per_s: int | None = None
    namespace: str | None = None
    public: bool | None = None

    @property
    def is_public(self) -> bool:
        """Whether anybody may have the key."""
        return self.scopes == ("events:web",) if self.public is None else self.public

    @property
    def sees_profiles(self) -> bool:
        """Whether its holder may ask what a person is interested in."""
        return not self.is_public and (kinds.STAFF in self.scopes or kinds.CRM in self.scopes)

    @property
    def id_namespace(self) -> str:
        """The namespace of its event ids."""
        return self.id if self.namespace is None else self.namespace

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if self.id == kinds.SCAN:
            yield "id", "is the source of the scans that gateways take themselves"
        if not _HASH.fullmatch(self.hash):
            small = self.hash.strip().lower().removeprefix("sha256:")
            meant = f"; did you mean sha256:{small}?" if _HASH.fullmatch(f"sha256:{small}") else ""
            yield "hash", f"must be sha256: and the 64 hex digits of the key's SHA-256, in small letters{meant}"
        for scope in self.scopes:
            yield from unknown_name("scopes", scope, (*kinds.SCOPES, kinds.PRIVACY, kinds.STAFF), "no scope is called")
        if self.is_public and kinds.PRIVACY in self.scopes:
            yield "scopes", "privacy is for a key that nobody else has: with a public one anybody could erase anybody"
        if self.is_public and kinds.STAFF in self.scopes:
            yield "scopes", "staff is for a key that staff alone have: with a public one anybody could look at anybody"
        yield from below_one("events_per_s", self.events_per_s)
        if self.namespace and not _NAMESPACE.fullmatch(self.namespace):
            yield "namespace", f"must be 1 to {MAX_ID_CHARS} letters, digits, '-', '_' or '.'"


def public_key_ids(api_keys: Iterable[ApiKey]) -> frozenset[str]:
    """Ids of the public keys: the ``source`` of events that anybody can send."""
    return frozenset(key.id for key in api_keys if key.is_public)
