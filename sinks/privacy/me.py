"""What a phone sees of its own on ``/me``: points, what tiers count, open coupons, the latest entries of the ledger.

Of the source profiles that identity resolved, and so of the device alone: whoever holds a phone in the hand may be
somebody else than whose card it was used with.
"""

import asyncio
from typing import Any, Final

from clickhouse_connect.driver.asyncclient import AsyncClient

from schemas.consent.purposes import IDENTITY
from sinks.privacy.places import IS_OWN
from sinks.privacy.profile import BRAND, SAID, STORE, allowed, rows
from sinks.privacy.progress import Progress

Row = dict[str, Any]
ENTRIES: Final = 10
MAX_COUPONS: Final = 100
MONTHS: Final = 24
"""Of points that tiers count: those of this calendar year and the last."""
OF_THE_COUPON: Final = "reason != 'double_redemption' AND NOT startsWith(reason, 'offline_')"
"""What is not about a till's use that the coupon does not have."""
_ONE: Final = "ORDER BY _version DESC LIMIT 1 BY _key"
QUERIES: Final[dict[str, str]] = {
    "balance": (f"SELECT sum(points) AS points FROM (SELECT points FROM reward_posted WHERE {IS_OWN} {_ONE})"),
    "entries": (
        "SELECT toUnixTimestamp64Micro(occurred_at) AS at, kind, points "
        f"FROM (SELECT occurred_at, kind, points, _key, _version FROM reward_posted WHERE {IS_OWN} {_ONE}) "
        f"WHERE points != 0 AND kind != 'repaid' ORDER BY occurred_at DESC, _key LIMIT {ENTRIES}"
    ),
    "coupons": (
        "SELECT code, last.1 AS pool, last.2 AS state, toUnixTimestamp64Micro(last.3) AS expires_at FROM ("
        "SELECT code, argMax(tuple(pool, state, expires_at), version) AS last FROM coupon_changed "
        f"WHERE {IS_OWN} AND {OF_THE_COUPON} GROUP BY code) "
        "WHERE state IN ('issued', 'shown', 'reserved', 'released') AND (expires_at = 0 OR expires_at > {now:Int64}) "
        f"ORDER BY expires_at = 0, expires_at, code LIMIT {MAX_COUPONS}"
    ),
    "zone": (
        "SELECT JSONExtractString(argMax(body, _version), 'zone') AS zone FROM brand_configured "
        "WHERE kind = 'loyalty' GROUP BY id HAVING zone != '' LIMIT 1"
    ),
}
QUALIFYING: Final = (
    "SELECT toYear(at, {zone:String}) * 12 + toMonth(at, {zone:String}) - 1 AS month, sum(points) AS points FROM ("
    f"SELECT occurred_at AS at, points FROM reward_posted WHERE {IS_OWN} AND kind IN ('earned', 'reversed') "
    "AND occurred_at > fromUnixTimestamp64Micro({now:Int64}, 'UTC') "
    f"- INTERVAL {MONTHS} MONTH - INTERVAL 2 DAY {_ONE}) "
    "GROUP BY month ORDER BY month"
)
"""By month since the year 0 on the brand's clock, as processors/rewards/tiers.py counts them."""


async def me_of(client: AsyncClient, progress: Progress, now_us: int) -> Row:
    """The answer as JSON, times in microseconds.

    :raises Exception: one of sinks.clickhouse.writer.ERRORS: ClickHouse is away or refuses.
    """
    parameters: Row = {"profiles": sorted(progress.profiles), "now": now_us}
    said, [last], *answers = await asyncio.gather(
        *(rows(client, query, parameters) for query in (SAID, STORE, *QUERIES.values()))
    )
    found = dict(zip(QUERIES, answers, strict=True))
    store = last["last_store"]
    zone = next((one["zone"] for one in found["zone"]), "UTC")
    permissions = allowed(said, await rows(client, BRAND, {"store": store}), store, now_us)
    return {
        "is_kept": permissions[IDENTITY],
        "balance": int(found["balance"][0]["points"]),
        "coupons": found["coupons"],
        "months": await rows(client, QUALIFYING, parameters | {"zone": zone}),
        "entries": found["entries"],
    }
