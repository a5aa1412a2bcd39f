"""The brand as it was in an earlier version, from the contents that its items have had (table brand_configured).

The table has each content of an item once, with the time at which it was last applied. So a content that came back is
known with its later time only; the sums of hashes that a version states show whether what was put together is right.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from deploy.operate.why.stored import Stored, micros
from schemas.brand.fold import BrandFold
from schemas.brand.model import About, Brand
from schemas.events import BrandConfigured

MOST_TRIED = 16
"""Later versions, the next ones, that are tried for contents which came back."""


class BrandVersions:
    """:param items: every content of every item, oldest first."""

    def __init__(self, items: Sequence[BrandConfigured]) -> None:
        self._items = items

    @classmethod
    def read(cls, stored: Stored) -> "BrandVersions":
        """All of the table. Blocks. :raises ClickHouseError: the store is away or refuses."""
        rows = stored.ask(
            "SELECT event_id, kind, id, version, body, toUnixTimestamp64Micro(occurred_at) AS occurred_at "
            "FROM brand_configured ORDER BY occurred_at, _offset"
        )
        return cls([BrandConfigured(**row) for row in rows])

    def live(self) -> Brand | None:
        """The version that was applied last; None when it is not whole, or cannot be read by this release."""
        own = [event for event in self._items if event.kind == About.kind and event.body]
        newest = max(own, key=lambda event: event.occurred_at, default=None)
        return self._version(newest) if newest is not None else None

    def of(self, version: str, moment: datetime) -> Brand | None:
        """A version as it was at a moment; None when it cannot be put together."""
        own = [event for event in self._items if event.kind == About.kind and event.version == version and event.body]
        if not own:
            return None
        until = [event for event in own if event.occurred_at <= micros(moment)]
        return self._version(max(until, key=_at) if until else min(own, key=_at))

    def _version(self, own: BrandConfigured) -> Brand | None:
        later = {event.version: None for event in self._items if event.occurred_at > own.occurred_at}
        tries = (self._folded(own, reapplied) for reapplied in ("", *list(later)[:MOST_TRIED]))
        return next((brand for brand in tries if brand is not None), None)

    def _folded(self, own: BrandConfigured, reapplied: str) -> Brand | None:
        """The version with what had been applied by its time.

        :param reapplied: a later version that had been applied before as well, so that its contents count as the first.
        """
        before = [event for event in self._items if reapplied and event.version == reapplied]
        until = [event for event in self._items if event.occurred_at <= own.occurred_at]
        fold = BrandFold()
        for event in latest(item for item in (*before, *until) if item.kind != About.kind).values():
            fold.apply(event)
        fold.apply(own)
        return fold.brand


def latest(items: Iterable[BrandConfigured]) -> Mapping[tuple[str, str], BrandConfigured]:
    """The last content of each item, by kind and id."""
    return {(item.kind, item.id): item for item in items}


def _at(event: BrandConfigured) -> int:
    return event.occurred_at
