"""What the tables say of the loyalty of source profiles: their open coupons, and the points that tiers count."""

from collections.abc import Iterable
from typing import Any, Final

from sinks.privacy.places import IS_OWN

MAX_COUPONS: Final = 100
MONTHS: Final = 24
"""Of points that tiers count: those of this calendar year and the last."""
OF_THE_COUPON: Final = "reason != 'double_redemption' AND NOT startsWith(reason, 'offline_')"
"""What is not about a till's use that the coupon does not have."""
OPEN: Final = ("issued", "shown", "reserved", "released")
_ONE: Final = "ORDER BY _version DESC LIMIT 1 BY _key"
COUPONS: Final = (
    "SELECT code, last.1 AS pool, last.2 AS state, toUnixTimestamp64Micro(last.3) AS expires_at FROM ("
    "SELECT code, argMax(tuple(pool, state, expires_at), version) AS last FROM coupon_changed "
    f"WHERE source_profile_id IN {{profiles:Array(UUID)}} AND {OF_THE_COUPON} GROUP BY code) "
    f"WHERE state IN {OPEN} AND (expires_at = 0 OR expires_at > {{now:Int64}}) "
    f"ORDER BY expires_at = 0, expires_at, code LIMIT {MAX_COUPONS}"
)
"""Those that can be used, the one that expires first before all others."""
LOTS: Final = (
    "SELECT toUnixTimestamp64Micro(expires) AS at, sum(points) AS left, "
    "sumIf(points, active_at > fromUnixTimestamp64Micro({now:Int64}, 'UTC')) AS pending FROM ("
    f"SELECT points, active_at, expires_at AS expires FROM reward_posted WHERE {IS_OWN} {_ONE}) "
    "GROUP BY at ORDER BY at"
)
"""Points that expire together, and those of them that cannot be spent yet; 0 for those that never expire."""
ZONE: Final = (
    "SELECT JSONExtractString(argMax(body, _version), 'zone') AS zone FROM brand_configured "
    "WHERE kind = 'loyalty' GROUP BY id HAVING zone != '' LIMIT 1"
)
"""The brand's clock."""
QUALIFYING: Final = (
    "SELECT toYear(at, {zone:String}) * 12 + toMonth(at, {zone:String}) - 1 AS month, sum(points) AS points FROM ("
    f"SELECT occurred_at AS at, points FROM reward_posted WHERE {IS_OWN} AND kind IN ('earned', 'reversed') "
    "AND occurred_at > fromUnixTimestamp64Micro({now:Int64}, 'UTC') "
    f"- INTERVAL {MONTHS} MONTH - INTERVAL 2 DAY {_ONE}) "
    "GROUP BY month ORDER BY month"
)
"""By month since the year 0 on the brand's clock, as processors/rewards/tiers.py counts them."""


def points_of(lots: Iterable[dict[str, Any]], now_us: int) -> dict[str, Any]:
    """Balance, points that cannot be spent yet, and what expires next, from the rows of :data:`LOTS`."""
    found = [(int(one["at"]), int(one["left"]), int(one["pending"])) for one in lots]
    ends = ({"points": left, "at": at} for at, left, _ in found if at > now_us and left > 0)
    return {
        "balance": sum(left for _, left, _ in found),
        "pending": sum(max(0, min(left, pending)) for _, left, pending in found),
        "expiring": next(ends, None),
    }


def zone_of(found: Iterable[dict[str, Any]]) -> str:
    """The brand's clock, from the rows of :data:`ZONE`."""
    return next((str(one["zone"]) for one in found), "UTC")


def is_of_another_use(reason: str) -> bool:
    """As :data:`OF_THE_COUPON`: whether a row is about a till's use that the coupon does not have."""
    return reason == "double_redemption" or reason.startswith("offline_")
