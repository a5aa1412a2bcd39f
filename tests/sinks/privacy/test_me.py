"""What a phone sees of its own: the points of the source profiles asked for, and of nobody else."""

import asyncio
from datetime import datetime
from typing import Any

from schemas.events import Event, RewardPosted
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
        "event_id": uid(f"{of} {points} {at}"), "occurred_at": micros(at), "person_id": uid("ann"), "kind": kind,
        "points": points, "rule": "scans", "rule_version": 1, "source_event_id": f"s-{at}",
        "source_profile_id": uid(of),
        **more,
    })  # fmt: skip


def some(count: int) -> list[Event]:
    return [entry(10 + day, ago(days=day)) for day in range(count)]


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
