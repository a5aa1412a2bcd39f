"""Lots of points: what of a source profile's points expires together, and when points can be spent.

A lot is named by the time at which it expires, 0 for never; the lots of a source profile have different times. Points
that were earned before there were lots are in the one that never expires. An amount below zero is a debt: points that
were taken back after they had been spent.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from schemas.brand.loyalty import Loyalty
from schemas.brand.model import Brand, Reward

DAY_US: Final = 86_400_000_000
NEVER: Final = 0
ENDED_KEPT: Final = 16
"""Lots that expired and are remembered of a source profile: returns of their sales take nothing else instead."""
_SLICE_US: Final = 900_000_000
"""No zone changes its offset within a quarter of an hour that begins at a full one."""


class Lot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is ``left`` of a lot, of which ``pending`` cannot be spent yet, by the time from which it can be
    (microseconds). ``spent`` and ``expired`` of it so far. ``below_zero``: what the brand said when its points were
    earned."""

    left: int = 0
    pending: dict[int, int] = {}
    spent: int = 0
    expired: int = 0
    below_zero: bool = False

    def active(self, at: int) -> int:
        """The points that can be spent at that time; below zero for a debt."""
        return self.left - self.pending_at(at)

    def pending_at(self, at: int) -> int:
        """The points that cannot be spent yet."""
        if not self.pending:
            return 0
        return max(0, min(self.left, sum(points for since, points in self.pending.items() if since > at)))

    def earned(self, points: int, active_at: int, at: int, below_zero: bool) -> "Lot":
        """With further points (or fewer, for a receipt that paid out); what can be spent by now is pending no more."""
        pending = self.pending
        if pending or active_at > at:
            pending = {since: count for since, count in pending.items() if since > at}
            if active_at > at:
                pending[active_at] = pending.get(active_at, 0) + points
        return Lot(self.left + points, pending, self.spent, self.expired, below_zero)

    def taken_back(self, points: int, active_at: int) -> "Lot":
        """Without points that were earned, or with them again (below zero)."""
        pending = self.pending
        if active_at in pending:
            count = max(0, pending[active_at] - points)
            pending = {since: one for since, one in pending.items() if since != active_at}
            if count:
                pending[active_at] = count
        return msgspec.structs.replace(self, left=self.left - points, pending=pending)

    def spend(self, points: int) -> "Lot":
        """Without points that were spent, or with them again (below zero)."""
        return msgspec.structs.replace(self, left=self.left - points, spent=self.spent + points)

    def joined(self, other: "Lot") -> "Lot":
        """Both, where no point is in the two."""
        pending = dict(self.pending)
        for since, points in other.pending.items():
            pending[since] = pending.get(since, 0) + points
        return Lot(
            self.left + other.left,
            dict(sorted(pending.items())),
            self.spent + other.spent,
            self.expired + other.expired,
            self.below_zero or other.below_zero,
        )


NO_LOT: Final = Lot()
Lots = dict[int, Lot]


def with_lot(lots: Mapping[int, Lot], expires_at: int, lot: Lot) -> Lots:
    """The lots with one of them, in the order in which they expire; those that never do are the first."""
    after = dict(lots)
    is_last = expires_at in after or not after or expires_at > next(reversed(after))
    after[expires_at] = lot
    return after if is_last else dict(sorted(after.items()))


def joined(some: Mapping[int, Lot], others: Mapping[int, Lot]) -> Lots:
    """The lots of both, where no point is in the two."""
    both = dict(some)
    for expires_at, lot in others.items():
        both[expires_at] = both[expires_at].joined(lot) if expires_at in both else lot
    return dict(sorted(both.items()))


def open_lots(lots: Mapping[int, Lot], at: int) -> Iterable[tuple[int, Lot]]:
    """The lots that have not expired by then."""
    return ((expires_at, lot) for expires_at, lot in lots.items() if not expires_at or expires_at > at)


def first_end(lots: Mapping[int, Lot]) -> int | None:
    """When the first lot expires of which something is left."""
    for expires_at, lot in lots.items():
        if expires_at and lot.left > 0:
            return expires_at
    return None


def lot_name(expires_at: int) -> str:
    """How entries name a lot: by the second at which it expires, in UTC; empty for the one that never does."""
    return "" if expires_at == NEVER else _lot_name(expires_at)


@lru_cache(4096)
def _lot_name(expires_at: int) -> str:
    return f"{datetime.fromtimestamp(expires_at // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def terms(rule: Reward | None, occurred_at: int, brand: Brand) -> tuple[int, int]:
    """From when points of an event can be spent, 0: at once; and when they expire, 0: never (microseconds).

    :param rule: that grants them; None: none does, and they can be spent at once.
    """
    points = brand.points
    after = 0 if rule is None else rule.active_after
    if after is None:
        after = points.active_after if points is not None else 0
    active_at = occurred_at + after * DAY_US if after else 0
    if points is None or not (points.expire_after_days or points.expire_after_months):
        return active_at, NEVER
    return active_at, expiry_of(points, occurred_at)


def expiry_of(points: Loyalty, occurred_at: int) -> int:
    """When points of that time expire: at the beginning of a local day."""
    return _expiry(
        points.zone,
        points.expire_after_days,
        points.expire_after_months,
        points.expire_at == "month",
        occurred_at // _SLICE_US,
    )


@lru_cache(8192)
def _expiry(zone: str, days: int, months: int, is_monthly: bool, time_slice: int) -> int:
    clock = ZoneInfo(zone)
    try:
        last = _after_months(datetime.fromtimestamp(time_slice * _SLICE_US // 1_000_000, clock).date(), months)
        last += timedelta(days=days)
        first = _after_months(last.replace(day=1), 1) if is_monthly else last + timedelta(days=1)
        return int(datetime(first.year, first.month, first.day, tzinfo=clock).timestamp()) * 1_000_000
    except (ValueError, OverflowError):  # beyond the years that clocks can have
        return NEVER


def _after_months(day: date, months: int) -> date:
    """The same day so many months later, or the last one of that month."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return day.replace(year=year, month=month, day=min(day.day, (following - timedelta(days=1)).day))
