"""Section ``campaigns``: for how long rules pay more, and how much over all people."""

from collections.abc import Iterator
from typing import ClassVar, Final

from schemas.brand.item import Item, Mistake, Sections, unknown_zone
from schemas.brand.schedule import ends_at, moment_of, starts_at

MAX_BUDGET: Final = 10**12
"""Points: as many as a rule may pay at once."""
SECOND_US: Final = 1_000_000


class Campaign(Item, frozen=True, omit_defaults=True):
    """What rules with ``campaign`` belong to. ``start`` and ``end`` are dates, the last one included, or times to the
    minute: on the clock of ``zone`` (IANA) unless they have one themselves (``Z``, ``+01:00``). An event counts by when
    it happened. ``budget_points`` is the most that its rules pay over all people; none: as much as they earn.
    """

    section: ClassVar[str] = "campaigns"
    kind: ClassVar[str] = "campaign"

    name: str = ""
    start: str = ""
    end: str = ""
    zone: str = ""
    budget_points: int | None = None

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if self.zone and (unknown := tuple(unknown_zone("zone", self.zone))):
            yield from unknown
            return
        for field, text in (("start", self.start), ("end", self.end)):
            if text and (moment := moment_of(text)) is None:
                yield field, f"{text!r} is no date or time such as 2026-12-01 or 2026-12-01T09:00+01:00"
                return
            if text and moment is not None and moment.tzinfo is None and not self.zone:
                yield "zone", f"must name the clock of {text}, e.g. Europe/Berlin"
                return
        if self.budget_points is not None and not 0 <= self.budget_points <= MAX_BUDGET:
            yield "budget_points", f"{self.budget_points} must be from 0 to {MAX_BUDGET}"
        starts, ends = self.period
        if starts is not None and ends is not None and starts >= ends:
            yield "end", f"{self.end} is not after {self.start}"

    @property
    def period(self) -> tuple[int | None, int | None]:
        """From when to when (microseconds, the end excluded); None: it always ran, or runs for ever."""
        zone = self.zone or "UTC"
        starts = round(starts_at(self.start, zone).timestamp()) * SECOND_US if self.start else None
        ends = round(ends_at(self.end, zone).timestamp()) * SECOND_US if self.end else None
        return starts, ends

    def runs_at(self, at: int) -> bool:
        """Whether it runs at a time (microseconds)."""
        starts, ends = self.period
        return (starts is None or at >= starts) and (ends is None or at < ends)
