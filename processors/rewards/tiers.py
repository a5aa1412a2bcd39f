"""The tier of a person: by what they earned in a year, less what returns took of it."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

import msgspec

from processors.reference import Reference
from processors.rewards.counters import Grant
from processors.rewards.ledger import EARNED, REVERSED
from processors.rewards.limits import zone_of
from processors.rewards.state import Account
from processors.step import Effect, Emit
from schemas.brand.model import Tier
from schemas.brand.tiers import MONTHS, qualifying_points
from schemas.events import RewardPosted
from schemas.ids import hash64


def tier_of(account: Account, at: int, reference: Reference) -> str:
    """The id of the person's tier at a time (microseconds); empty for none."""
    tiers = _tiers(reference)
    if not tiers:
        return ""
    month = month_of(at, zone_of(reference))
    points = qualifying_points(tiers[0].period, month, partial(_points, account))
    return next((tier.id for tier in tiers if points >= tier.points), "")


def _tiers(reference: Reference) -> list[Tier]:
    """The highest first."""
    found: list[Tier] | None = reference.memo.get("tiers")
    if found is None:
        found = reference.memo["tiers"] = sorted(reference.brand.tiers.values(), key=Tier.precedence)
    return found


def _points(account: Account, first: int, last: int) -> int:
    """Those of the months from ``first`` to ``last``."""
    found = 0
    for part in account.parts.values():
        earned = part.counters.earned
        found += sum(grant.points for grant in earned.grants.values() if first <= grant.day <= last)
        found += sum(points for month, (_, points) in earned.sums.items() if first <= month <= last)
    return found


def with_qualifying(account: Account, effects: Iterable[Effect], zone: str = "") -> Account:
    """The account once what was posted counts for its tier.

    :param zone: the brand's clock; empty: that of the part, of which what did not count before does not count now.
    """
    for effect in effects:
        if not isinstance(effect, Emit) or not isinstance(entry := effect.event, RewardPosted):
            continue
        if entry.kind not in (EARNED, REVERSED) or not entry.points:
            continue
        part = account.part(entry.source_profile_id)
        counters = part.counters
        clock = zone or counters.zone
        if not clock:
            continue
        grant = Grant(entry.occurred_at, month_of(entry.occurred_at, clock), entry.points)
        earned = counters.earned.with_grant(hash64(entry.event_id), grant)
        counters = msgspec.structs.replace(counters, earned=earned, zone=clock)
        account = account.with_part(entry.source_profile_id, msgspec.structs.replace(part, counters=counters))
    return account


def month_of(at: int, zone: str) -> int:
    """Months since the year 0 on a clock. :param at: microseconds."""
    return _month(at // 900_000_000 * 900, zone)


@lru_cache(4096)
def _month(seconds: int, zone: str) -> int:
    local = datetime.fromtimestamp(seconds, ZoneInfo(zone))
    return local.year * MONTHS + local.month - 1
