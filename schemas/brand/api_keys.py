"""Section ``api_keys``: who may send events."""

import re
from collections.abc import Iterator
from typing import ClassVar

from schemas import kinds
from schemas.brand.item import Item, Mistake, Sections, below_one, unknown_name

_HASH = re.compile(r"sha256:[0-9a-f]{64}")


class ApiKey(Item, frozen=True):
    """A sender. The key itself is stored nowhere: ``hash`` is ``sha256:`` and the hex SHA-256 of its text."""

    section: ClassVar[str] = "api_keys"
    kind: ClassVar[str] = "api_key"

    hash: str
    scopes: tuple[str, ...]
    events_per_s: int | None = None

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if not _HASH.fullmatch(self.hash):
            small = self.hash.strip().lower().removeprefix("sha256:")
            meant = f"; did you mean sha256:{small}?" if _HASH.fullmatch(f"sha256:{small}") else ""
            yield "hash", f"must be sha256: and the 64 hex digits of the key's SHA-256, in small letters{meant}"
        for scope in self.scopes:
            yield from unknown_name("scopes", scope, kinds.SCOPES, "no scope is called")
        yield from below_one("events_per_s", self.events_per_s)
