"""The brand from the items on its topic.

The topic's partitions have no order among each other, so a reader may meet a version in any interleaving. It knows that
a version is whole by the content that the brand's own item states, and until then keeps the one that it had.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas.brand.item import Item
from schemas.brand.items import CLASSES, CONTENT_RANGE, OTHERS, Held, Manifest, content_hash
from schemas.brand.model import SECTIONS, About, Brand
from schemas.events import BrandConfigured


@dataclass(frozen=True, slots=True)
class _Applied:
    """A version that was applied: when, in microseconds; its name; the body of the brand's own item."""

    at: int
    version: str
    manifest: Manifest

    @property
    def content(self) -> dict[str, int]:
        """The sum of the hashes of each kind's items, empty as releases up to 0.2 wrote it."""
        stated = self.manifest.content
        return {kind: int(stated.get(kind, "0"), 16) for kind in OTHERS} if stated else {}


class BrandFold:
    """Folds brand-configured events, in topic order within each partition. Each event takes the same time, however many
    items there are, and a version the time of what changed.

    ``brand`` is the last version that was whole, or None; ``unreadable`` says why the last whole one could not be read
    (it was applied by a later release), and is empty otherwise.
    """

    def __init__(self) -> None:
        self.brand: Brand | None = None
        self.unreadable = ""
        self._held: dict[str, dict[str, Held]] = {kind: {} for kind in CLASSES}
        self._items: dict[str, dict[str, Item]] = {kind: {} for kind in CLASSES}
        self._stale: dict[str, set[str]] = {kind: set() for kind in CLASSES}
        self._sections: dict[str, Any] = {}
        self._totals = dict.fromkeys(CLASSES, 0)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._applied: dict[str, _Applied] = {}
        self._newest: _Applied | None = None
        self._content: dict[str, int] = {}
        self._judged: _Applied | None = None

    @property
    def held(self) -> dict[str, Held]:
        """What the topic holds, by key."""
        return {f"{kind}/{identity}": one for kind, of_kind in self._held.items() for identity, one in of_kind.items()}

    def apply(self, event: BrandConfigured) -> bool:
        """Takes one event; True when it completes a version, which is then live."""
        kind, identity = event.kind, event.id
        if kind not in CLASSES:
            return False
        of_kind = self._held[kind]
        before = of_kind.pop(identity, None)
        self._stale[kind].add(identity)
        if before is not None:
            self._counts[before[0], kind] -= 1
            self._totals[kind] = (self._totals[kind] - content_hash(kind, identity, before[1])) % CONTENT_RANGE
        if event.body:
            of_kind[identity] = (event.version, event.body)
            self._counts[event.version, kind] += 1
            self._totals[kind] = (self._totals[kind] + content_hash(kind, identity, event.body)) % CONTENT_RANGE
        if kind == About.kind:
            self._note(event)
        elif self._content and self._totals[kind] != self._content[kind]:
            return False
        return self._completed()

    def _note(self, event: BrandConfigured) -> None:
        """Takes the brand's own item. A brand that gets another id has two of them until the old one is withdrawn; then
        the newer one counts."""
        before = self._applied.pop(event.id, None)
        if event.body:
            try:
                manifest = msgspec.json.decode(event.body, type=Manifest)
            except msgspec.DecodeError as error:
                self.unreadable = f"version {event.version}: brand {event.id}: {error}"
            else:
                applied = _Applied(event.occurred_at, event.version, manifest)
                self._applied[event.id] = before if before == applied else applied
        self._newest = max(self._applied.values(), key=lambda one: one.at, default=None)
        self._content = self._newest.content if self._newest else {}

    def _completed(self) -> bool:
        # Partitions of the topic interleave, so any event may be the one that completes a version.
        newest = self._newest
        if newest is None or newest is self._judged or not self._is_whole(newest):
            return False
        self._judged = newest
        return self._adopt(newest)

    def _is_whole(self, applied: _Applied) -> bool:
        if self._content:
            return all(self._totals[kind] == total for kind, total in self._content.items())
        counts = applied.manifest.counts
        return all(self._counts[applied.version, kind] == counts.get(kind, 0) for kind in OTHERS)

    def _adopt(self, applied: _Applied) -> bool:
        """Makes the version live, if it can be read: otherwise everybody keeps the one before."""
        try:
            self._decode()
        except msgspec.DecodeError as error:
            self.unreadable = f"version {applied.version}: {error}"
            return False
        fields: dict[str, Any] = {}
        for section in SECTIONS:
            if section.single:
                fields[section.field] = applied.manifest.about
            elif applied.manifest.content:
                if section.kind not in self._sections:
                    self._sections[section.kind] = section.held(list(self._items[section.kind].values()))
                fields[section.field] = self._sections[section.kind]
            else:
                held, items = self._held[section.kind], self._items[section.kind].items()
                fields[section.field] = section.held([one for i, one in items if held[i][0] == applied.version])
        self.brand, self.unreadable = Brand(version=applied.version, **fields), ""
        return True

    def _decode(self) -> None:
        """Brings the decoded items, sorted by id, up to date. :raises msgspec.DecodeError: one cannot be read."""
        for kind in OTHERS:
            stale, items, held = self._stale[kind], self._items[kind], self._held[kind]
            if not stale:
                continue
            self._sections.pop(kind, None)
            is_sorted = stale <= items.keys()
            for identity in stale:
                if identity in held:
                    items[identity] = msgspec.json.decode(held[identity][1], type=CLASSES[kind])
                else:
                    items.pop(identity, None)
            if not is_sorted:
                self._items[kind] = dict(sorted(items.items()))
            stale.clear()
