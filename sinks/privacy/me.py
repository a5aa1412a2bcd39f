"""What a phone sees of its own on ``/me``: points, what tiers count, open coupons, the latest entries of the ledger.

Of the source profiles that identity resolved, and so of the device alone: whoever holds a phone in the hand may be
somebody else than whose card it was used with.
"""

import asyncio
from typing import Any, Final

from clickhouse_connect.driver.asyncclient import AsyncClient

from schemas.consent.purposes import IDENTITY
from sinks.privacy.loyalty import COUPONS, LOTS, QUALIFYING, ZONE, points_of, zone_of
from sinks.privacy.places import IS_OWN
from sinks.privacy.profile import BRAND, SAID, STORE, allowed, rows
from sinks.privacy.progress import Progress

Row = dict[str, Any]
ENTRIES: Final = 10
_ONE: Final = "ORDER BY _version DESC LIMIT 1 BY _key"
QUERIES: Final[dict[str, str]] = {
    "lots": LOTS,
    "entries": (
        "SELECT toUnixTimestamp64Micro(occurred_at) AS at, kind, points "
        f"FROM (SELECT occurred_at, kind, points, _key, _version FROM reward_posted WHERE {IS_OWN} {_ONE}) "
        f"WHERE points != 0 AND kind != 'repaid' ORDER BY occurred_at DESC, _key LIMIT {ENTRIES}"
    ),
    "coupons": COUPONS,
    "zone": ZONE,
}


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
    permissions = allowed(said, await rows(client, BRAND, {"store": store}), store, now_us)
    return {
        "is_kept": permissions[IDENTITY],
        **points_of(found["lots"], now_us),
        "coupons": found["coupons"],
        "months": await rows(client, QUALIFYING, parameters | {"zone": zone_of(found["zone"])}),
        "entries": found["entries"],
    }
