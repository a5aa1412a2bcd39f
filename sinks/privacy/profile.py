"""What staff see of the person they serve: what they are interested in, what they were offered, what they have.

Nothing of it names the person, and there is nothing of it unless the person's permission for personalisation allows it
at this moment: that is decided here, where the data is, before any of it is read.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient

from schemas.brand.consent import Consent, Default, jurisdiction_of
from schemas.consent.choices import Choice, Consents
from schemas.consent.permission import permission
from schemas.consent.purposes import KEYS, PERSONALISATION, keys_of
from sinks.privacy.loyalty import COUPONS, QUALIFYING, ZONE, zone_of
from sinks.privacy.places import IS_OWN, PROFILE
from sinks.privacy.progress import Progress

Row = dict[str, Any]
VISIT_GAP_US: Final = 30 * 60 * 1_000_000
"""A visit ends when nothing happened for so long, as context has it (held by a test)."""
INTEREST_DAYS: Final = 90
_ONE: Final = "ORDER BY _version DESC LIMIT 1 BY _key"
_MICROS: Final = "toUnixTimestamp64Micro(occurred_at)"

SAID: Final = (
    f"SELECT toString({PROFILE}) AS profile, purpose, channel, kind, after, {_MICROS} AS at, "
    "toUnixTimestamp64Micro(expires_at) AS expires_at, policy_version "
    f"FROM (SELECT *, _version, _key FROM consent_changed WHERE {IS_OWN} {_ONE}) ORDER BY occurred_at, _key"
)
STORE: Final = (
    f"SELECT argMax(store, occurred_at) AS last_store FROM touchpoint_identified WHERE {IS_OWN} AND store != ''"
)
BRAND: Final = """
SELECT kind, id, argMax(body, _version) AS live, (SELECT country FROM live_brand) AS country FROM brand_configured
WHERE kind = 'consent' OR (kind = 'store' AND id = {store:String}) GROUP BY kind, id HAVING live != ''
UNION ALL SELECT '', '', '', country FROM live_brand
"""
QUERIES: Final[dict[str, str]] = {
    "seen": (
        f"SELECT product, uniqExact(_key) AS times, max({_MICROS}) AS at FROM touchpoint_identified "
        f"WHERE {IS_OWN} AND product != '' AND type NOT IN ('sale', 'return') "
        f"AND occurred_at > fromUnixTimestamp64Micro({{now:Int64}}, 'UTC') - INTERVAL {INTEREST_DAYS} DAY "
        "GROUP BY product ORDER BY at DESC, product LIMIT 20"
    ),
    "purchases": (
        f"SELECT {_MICROS} AS at, arrayDistinct(arrayMap(line -> line.sku, lines)) AS products "
        f"FROM (SELECT occurred_at, lines FROM touchpoint_identified WHERE {IS_OWN} AND type = 'sale' {_ONE}) "
        "ORDER BY occurred_at DESC LIMIT 5"
    ),
    "balance": (f"SELECT sum(points) AS points FROM (SELECT points FROM reward_posted WHERE {IS_OWN} {_ONE})"),
    "coupons": COUPONS,
    "zone": ZONE,
    "visit": (
        f"SELECT {_MICROS} AS at, store FROM touchpoint_identified WHERE {IS_OWN} AND store != '' "
        "AND occurred_at > fromUnixTimestamp64Micro({now:Int64}, 'UTC') - INTERVAL 1 DAY "
        "AND occurred_at <= fromUnixTimestamp64Micro({now:Int64}, 'UTC') ORDER BY occurred_at DESC LIMIT 1000"
    ),
    "answers": (
        f"SELECT {_MICROS} AS at, route, title FROM (SELECT occurred_at, route, title FROM scan_routed "
        "WHERE route != 'fallback' "
        "AND occurred_at > fromUnixTimestamp64Micro({now:Int64}, 'UTC') - INTERVAL 1 DAY AND "
        f"(scan_namespace, scan_event_id) IN (SELECT namespace, event_id FROM touchpoint_identified WHERE {IS_OWN}) "
        f"{_ONE}) ORDER BY occurred_at DESC LIMIT 100"
    ),
}


class _Rules(msgspec.Struct):
    """Of a purpose what decides about silence; brands of later releases may say more."""

    id: str
    default: Default = "opt_out"
    jurisdictions: dict[str, Default] = {}
    gpc: tuple[str, ...] = ()


class _Place(msgspec.Struct):
    country: str = ""
    region: str = ""


async def profile_of(client: AsyncClient, progress: Progress, now_us: int) -> Row:
    """The profile as JSON, times in microseconds: ``allowed`` alone where the person does not allow it.

    :raises Exception: one of sinks.clickhouse.writer.ERRORS: ClickHouse is away or refuses.
    """
    parameters: Row = {"profiles": sorted(progress.profiles), "now": now_us}
    said, [last] = await asyncio.gather(rows(client, SAID, parameters), rows(client, STORE, parameters))
    store = last["last_store"]
    permissions = allowed(said, await rows(client, BRAND, {"store": store}), store, now_us)
    if not permissions[PERSONALISATION]:
        return {"allowed": False}
    answers = await asyncio.gather(*(rows(client, query, parameters) for query in QUERIES.values()))
    found = dict(zip(QUERIES, answers, strict=True))
    visit = visit_of(found["visit"], now_us)
    return {
        "allowed": True,
        "visit": visit,
        "seen": found["seen"],
        "purchases": found["purchases"],
        "balance": int(found["balance"][0]["points"]),
        "coupons": [{"pool": one["pool"], "expires_at": one["expires_at"]} for one in found["coupons"]],
        "months": await rows(client, QUALIFYING, parameters | {"zone": zone_of(found["zone"])}),
        "offers": offers_of(found["answers"], visit),
        "consent": permissions,
    }


def allowed(said: Iterable[Row], brand: Iterable[Row], store: str, now_us: int) -> dict[str, bool]:
    """What the person allows, by key (schemas/consent/purposes.py).

    :param said: rows of :data:`SAID`. :param brand: rows of :data:`BRAND`. :param store: where the person was last,
        whose law counts; empty for nowhere.
    """
    rules: dict[str, Consent] = {}
    stores: dict[str, _Place] = {}
    country = ""
    for one in brand:
        country = one["country"]
        if one["kind"] == "consent":
            rule = msgspec.json.decode(one["live"], type=_Rules)
            rules[one["id"]] = Consent(id=rule.id, default=rule.default, jurisdictions=rule.jurisdictions, gpc=rule.gpc)
        elif one["kind"] == "store":
            stores[one["id"]] = msgspec.json.decode(one["live"], type=_Place)
    everybody = consents_of(said)
    where = jurisdiction_of(store, stores, country)
    return {key: permission(everybody, key, now_us, rules, where).allowed for key in KEYS}


def consents_of(said: Iterable[Row]) -> list[Consents]:
    """What each source profile said."""
    found: dict[str, Consents] = {}
    for number, one in enumerate(said):
        known = found.get(one["profile"], Consents())
        if one["kind"] == "gpc":
            known = known.with_gpc(one["at"])
        elif one["kind"] == "choice" and one["after"] in ("granted", "withdrawn"):
            keys = keys_of([one["purpose"]], [one["channel"]] if one["channel"] else [])
            choice = Choice(one["at"], one["after"] == "granted", number, one["expires_at"], one["policy_version"])
            known = known.with_choice(keys, choice)
        found[one["profile"]] = known
    return list(found.values())


def visit_of(touches: Sequence[Row], now_us: int) -> Row | None:
    """The visit that goes on now; None where the person is in no store. :param touches: the latest first."""
    begins = now_us
    for one in touches:
        if begins - one["at"] > VISIT_GAP_US:
            break
        begins = one["at"]
    return {"store": touches[0]["store"], "since": begins} if touches and begins < now_us else None


def offers_of(answers: Iterable[Row], visit: Row | None) -> list[Row]:
    """What the person was answered in this visit, each once, the latest first."""
    since = visit["since"] if visit is not None else None
    offers: dict[tuple[str, str], Row] = {}
    for one in answers:
        if since is not None and one["at"] >= since:
            offers.setdefault((one["route"], one["title"]), one)
    return list(offers.values())[:10]


async def rows(client: AsyncClient, query: str, parameters: Row) -> list[Row]:
    result = await client.query(query, parameters=parameters)
    return [dict(zip(result.column_names, row, strict=True)) for row in result.result_rows]
