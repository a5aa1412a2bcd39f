"""What a phone sees of its own: the points of the source profiles asked for, and of nobody else."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.events import CouponChanged, Event, RewardPosted
from sinks.clickhouse.writer import build_client
from sinks.privacy import me
from tests.sinks.privacy.test_profile import NOW, ago, asked, brand, said
from tests.support.sink_events import micros, uid
from tests.support.sink_store import Store


def seen(store: Store, *names: str) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        client = await build_client(store.part.url)
        try:
            return await me.me_of(client, asked(*(names or ("ann",))), micros(NOW))
        finally:
            await client.close()

    return asyncio.run(run())


def entry(points: int, at: datetime, of: str = "ann", kind: str = "earned", **more: Any) -> RewardPosted:
    return RewardPosted(**{
        "event_id": uid(f"{of} {points} {at} {kind}"), "occurred_at": micros(at), "person_id": uid("ann"), "kind": kind,
        "points": points, "rule": "scans", "rule_version": 1, "source_event_id": f"s-{at}",
        "source_profile_id": uid(of),
        **more,
    })  # fmt: skip


def some(count: int) -> list[Event]:
    return [entry(10 + day, ago(days=day + 1)) for day in range(count)]


def test_balance_and_latest_entries_are_the_devices_own(store: Store) -> None:
    store.put(
        [*some(12), *some(12), entry(500, ago(hours=1), of="ann's card"), entry(-3, ago(minutes=5), kind="reversed")]
    )
    found = seen(store)
    assert found == seen(store)
    assert found["balance"] == sum(range(10, 22)) - 3, "the card's are the card's, though it is the same person"
    assert [one["points"] for one in found["entries"]] == [-3, *range(10, 19)]
    assert found["entries"][0] == {"at": micros(ago(minutes=5)), "kind": "reversed", "points": -3}
    assert found["is_kept"], "nothing was asked for"


def changed(code: str, version: int, state: str, of: str = "ann", until: datetime | None = None, **more: Any) -> Event:
    return CouponChanged(**{
        "event_id": uid(f"{code} {version} {more}"), "occurred_at": micros(ago(days=9 - version)), "code": code,
        "pool": "spring", "ordinal": 1, "state": state, "version": version, "person_id": uid("ann"),
        "source_profile_id": uid(of), "expires_at": micros(until) if until is not None else 0, **more,
    })  # fmt: skip


def test_open_coupons_are_the_devices_own_as_they_last_were(store: Store) -> None:
    tomorrow = NOW + timedelta(days=1)
    events = [
        changed("A1", 1, "issued"), changed("A1", 2, "shown"),
        changed("B2", 1, "issued", until=tomorrow),
        changed("C3", 1, "issued"), changed("C3", 2, "redeemed"), changed("C3", 3, "released"),
        changed("D4", 1, "issued"), changed("D4", 2, "redeemed"),
        changed("D4", 3, "released", reason="double_redemption"),
        changed("E5", 1, "issued", until=ago(hours=1)),
        changed("F6", 1, "issued", of="ann's card"),
        changed("G7", 1, "issued"), changed("G7", 2, "void"),
    ]  # fmt: skip
    store.put([*events, *events])
    found = seen(store)["coupons"]
    assert [(one["code"], one["state"], one["expires_at"]) for one in found] == [
        ("B2", "issued", micros(tomorrow)), ("A1", "shown", 0), ("C3", "released", 0),
    ]  # fmt: skip
    assert found == seen(store)["coupons"] and found[0]["pool"] == "spring"
    assert seen(store, "bob")["coupons"] == []


def test_points_that_wait_and_points_that_end(store: Store) -> None:
    soon, later = (micros(NOW + timedelta(days=days)) for days in (3, 30))
    wait = micros(NOW + timedelta(hours=1))
    store.put([
        entry(100, ago(days=9)), entry(40, ago(days=8), expires_at=soon, active_at=micros(ago(days=1))),
        entry(-15, ago(days=2), kind="spent", expires_at=soon),
        entry(60, ago(days=1), expires_at=later, active_at=wait),
        entry(-10, ago(hours=1), kind="reversed", expires_at=later, active_at=wait),
        entry(5, ago(days=30), expires_at=micros(ago(days=2))),
        entry(-5, ago(days=2), kind="expired", expires_at=micros(ago(days=2))),
    ])  # fmt: skip
    found = seen(store)
    assert (found["balance"], found["pending"]) == (175, 50)
    assert found["expiring"] == {"points": 25, "at": soon}
    store.put([entry(-25, ago(minutes=1), kind="spent", expires_at=soon)])
    assert seen(store)["expiring"] == {"points": 50, "at": later}, "of what is spent nothing ends"


def test_points_of_tiers_are_by_month_on_the_brands_clock(store: Store) -> None:
    new_year = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    store.put([
        entry(7, new_year), entry(5, NOW), entry(-2, NOW, kind="reversed"), entry(-4, NOW, kind="spent"),
        entry(9, ago(days=1000)),
    ])  # fmt: skip
    assert seen(store)["months"] == [{"month": 2025 * 12 + 11, "points": 7}, {"month": 2026 * 12 + 9, "points": 3}]
    store.put([brand("loyalty", {"id": "points", "zone": "Europe/Berlin"})])
    assert [one["month"] for one in seen(store)["months"]] == [2026 * 12, 2026 * 12 + 9]


def test_nobodys_account_is_empty(store: Store) -> None:
    store.put(some(2))
    found = seen(store, "bob")
    assert (found["balance"], found["entries"]) == (0, [])


def test_it_says_whether_points_are_kept(store: Store) -> None:
    rule = {"id": "identity", "default": "opt_in"}
    store.put([brand("brand", {"about": {"country": "DE"}}), brand("consent", rule)])
    assert not seen(store)["is_kept"]
    store.put([said("granted", purpose="identity")])
    assert seen(store)["is_kept"]
