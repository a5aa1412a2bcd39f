"""What the brand keeps for some days only is gone from the tables after them, and nothing else is."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec

from schemas.brand.items import build_brand, events_of, items_of
from schemas.brand.retention import PROPERTIES, SIGHTINGS, Retention
from schemas.events import BrandConfigured, ScanRouted, TouchpointIdentified
from sinks.clickhouse.writer import build_client
from sinks.privacy.retention import apply_retention
from tests.support.brand_files import brand
from tests.support.sink_events import micros, touchpoint, uid
from tests.support.sink_store import Store

NOW = datetime.now(UTC).replace(tzinfo=None)
SAID = '{"said":1}'


def happened(kind: str, days_ago: int) -> TouchpointIdentified:
    at = NOW - timedelta(days=days_ago)
    return touchpoint(uid(f"{kind} {days_ago}"), "ann", kind, at, "5" if kind == "sale" else None, properties=SAID)


def decided(days_ago: int) -> ScanRouted:
    return ScanRouted(
        event_id=uid(f"r{days_ago}"), occurred_at=micros(NOW - timedelta(days=days_ago)),
        scan_event_id=uid(f"scan {days_ago}"), person_id=uid("ann"), moment="buy", route="r", action="page",
        destination="/", candidates=(), inputs=SAID, brand_version="1",
    )  # fmt: skip


def apply(store: Store) -> list[str]:
    async def run() -> list[str]:
        client = await build_client(store.part.url)
        try:
            return await apply_retention(client)
        finally:
            await client.close()

    return asyncio.run(run())


def configured(store: Store, **days: int) -> None:
    """The live brand keeps these subjects so long, the others for ever."""
    items = {**items_of(brand()), "retention": [Retention(id=name, days=of) for name, of in days.items()]}
    events = list(events_of(build_brand(items), micros(NOW), {}))
    gone = [
        BrandConfigured(event_id=uid(f"{name} {days}"), occurred_at=micros(NOW), kind="retention", id=name, version="2",
                        body="")
        for name in (PROPERTIES, SIGHTINGS) if name not in days
    ]  # fmt: skip
    store.put([*events, *gone])


def kept(store: Store, table: str, column: str) -> dict[str, str]:
    store.client.command(f"OPTIMIZE TABLE {table} FINAL")
    name = "type" if column == "properties" else "'scan'"
    since = "received_at" if column == "properties" else "occurred_at"
    rows = store.ask(f"SELECT {name}, dateDiff('day', {since}, now64(6, 'UTC')), {column} FROM {table}")
    return {f"{kind} {days}": value for kind, days, value in rows}


def test_after_their_days_properties_are_empty_and_sightings_gone(store: Store) -> None:
    try:
        store.put([happened(kind, days) for kind in ("sale", "beacon_sighting") for days in (10, 50, 500)])
        store.put([decided(days) for days in (10, 500)])
        assert apply(store) == [], "without the section everything is kept"
        assert kept(store, "touchpoint_identified", "properties") == {
            f"{kind} {days}": SAID for kind in ("sale", "beacon_sighting") for days in (10, 50, 500)
        }
        configured(store, properties=400, sightings=30)
        assert len(apply(store)) == 6
        store.put([happened("sale", 401), happened("beacon_sighting", 31)])
        assert kept(store, "touchpoint_identified", "properties") == {
            "sale 10": SAID, "sale 50": SAID, "sale 500": "{}", "sale 401": "{}", "beacon_sighting 10": SAID,
        }  # fmt: skip
        assert kept(store, "scan_routed", "inputs") == {"scan 10": SAID, "scan 500": "{}"}
        assert store.one("SELECT sum(revenue) FROM sale") == 20, "amounts stay"
        assert apply(store) == [], "the same brand once more changes nothing"

        configured(store, properties=5)
        assert len(apply(store)) == 6
        assert kept(store, "touchpoint_identified", "properties")["beacon_sighting 10"] == "{}"
    finally:
        configured(store)
        apply(store)
    assert apply(store) == []


def test_a_record_that_comes_late_is_kept_from_when_it_was_received(store: Store) -> None:
    try:
        configured(store, properties=30)
        apply(store)
        late = msgspec.structs.replace(happened("sale", 300), received_at=micros(NOW))
        store.put([late])
        assert list(kept(store, "touchpoint_identified", "properties").values()) == [SAID]
    finally:
        configured(store)
        apply(store)
