"""The tier of a phone's account, and what is missing to the next one."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.profile.account import Month
from schemas.brand.model import Brand
from schemas.brand.tiers import MONTHS, Tier, points_of_period, qualifying_points


class Standing(NamedTuple):
    """Names of tiers, empty for none. ``missing``: points that lead to the next one."""

    tier: str = ""
    next_tier: str = ""
    missing: int = 0


def standing_of(tiers: Mapping[str, Tier], months: Iterable[Month], now: int, zone: tzinfo) -> Standing:
    """:param now: microseconds. :param zone: the brand's clock."""
    if not tiers:
        return Standing()
    highest_first = sorted(tiers.values(), key=Tier.precedence)
    local, sums = datetime.fromtimestamp(now / 1_000_000, zone), {one.month: one.points for one in months}
    month, period = local.year * MONTHS + local.month - 1, highest_first[0].period

    def between(first: int, last: int) -> int:
        return sum(points for at, points in sums.items() if first <= at <= last)

    points = qualifying_points(period, month, between)
    reached = next((one for one in highest_first if points >= one.points), None)
    above = [one for one in highest_first if reached is None or one.points > reached.points]
    tier = "" if reached is None else reached.name or reached.id
    if not above:
        return Standing(tier)
    following = above[-1]
    missing = following.points - points_of_period(period, month, between)
    return Standing(tier, following.name or following.id, max(0, missing))


def zone_of(brand: Brand) -> tzinfo:
    """The brand's clock, that of its points; else that of its first store."""
    zones = (*(one.zone for one in brand.loyalty.values()), *(one.time_zone for one in brand.stores.values()))
    return next((ZoneInfo(one) for one in zones if one), UTC)
