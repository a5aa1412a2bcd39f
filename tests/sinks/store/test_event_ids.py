"""Event ids in tables and views: as their senders gave them, unique within a namespace, the latest revision of each."""

from collections.abc import Callable

import pytest

from schemas.events import RewardPosted, StockReported, TouchpointIdentified
from schemas.topics import TOUCHPOINT_IDENTIFIED
from tests.support.sink_events import micros, touchpoint, uid
from tests.support.sink_store import CODEC, FakeRecord, Store

DAY = "2026-03-01"


@pytest.fixture(autouse=True)
def emptied(store: Store) -> None:
    store.empty()


def test_two_senders_may_have_an_event_of_the_same_id(store: Store) -> None:
    store.put(
        [
            touchpoint("berlin/1001", "Ann", "sale", DAY, "11"),
            touchpoint("lisbon/1001", "Ben", "sale", DAY, "22", store="lisbon"),
            touchpoint("1001", "Cleo", "sale", DAY, "33"),
            touchpoint("lisbon/1002", "Ben", "return", DAY, "5", related_event_id="lisbon/1001"),
        ]
    )
    found = "SELECT namespace, person_id, toFloat64(revenue) FROM {} WHERE event_id = '1001' ORDER BY namespace"
    people = [("", uid("Cleo")), ("berlin", uid("Ann")), ("lisbon", uid("Ben"))]
    revenue = {"": 33, "berlin": 11, "lisbon": 17}
    for view, sums in (("touchpoint", revenue | {"lisbon": 22}), ("sale", revenue)):
        rows = store.ask(found.format(view))
        assert [(n, str(p), r) for n, p, r in rows] == [(name, person, sums[name]) for name, person in people]
    assert store.ask("SELECT event_id, related_event_id, related_namespace FROM touchpoint WHERE type = 'return'") == [
        ("1002", "1001", "lisbon")
    ]
    bought = "SELECT namespace, toFloat64(sum(sold_amount)), toFloat64(sum(amount)) FROM purchase GROUP BY 1 ORDER BY 1"
    assert store.ask(bought) == [("", 33, 33), ("berlin", 11, 11), ("lisbon", 22, 17)]
    paths = "SELECT conversion_event_id, count() FROM path WHERE converted GROUP BY 1"
    assert store.ask(paths) == [("1001", 3)]


def test_counts_and_entries_have_the_id_and_the_namespace_of_their_event(store: Store) -> None:
    counted = {"occurred_at": micros(DAY), "received_at": micros(DAY), "sku": "tea", "source": "t"}
    store.put([StockReported(event_id=f"{n}/1", store=n, quantity=1, **counted) for n in ("a", "b")])
    assert store.ask("SELECT namespace, event_id FROM stock_reported FINAL ORDER BY 1") == [("a", "1"), ("b", "1")]
    store.put(
        [
            RewardPosted(
                event_id=uid("points"), person_id=uid("Ann"), kind="earned", points=1, rule="r", rule_version=1,
                source_event_id="a/1", occurred_at=micros(DAY),
            )
        ]
    )  # fmt: skip
    assert store.ask("SELECT source_namespace, source_event_id FROM reward_posted") == [("a", "1")]


def by_the_slow_way(store: Store, record: FakeRecord) -> None:
    store.insert_checked(TOUCHPOINT_IDENTIFIED, [record])


def by_the_fast_way(store: Store, record: FakeRecord) -> None:
    assert store.try_insert(TOUCHPOINT_IDENTIFIED, [record])


@pytest.mark.parametrize("insert", [by_the_slow_way, by_the_fast_way])
@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0), (1, 0, 1)])
def test_the_latest_revision_counts_in_whatever_order_it_comes(
    store: Store, insert: Callable[[Store, FakeRecord], None], order: tuple[int, ...]
) -> None:
    """A receipt of nobody that became Ann's is hers alone, also where its second record is on an earlier offset."""
    nobody = {"person_id": "", "primary_identifier": "", "identifiers": ()}
    ann = touchpoint("till/1", "Ann", "sale", DAY, "10", profile="Ann", revision=1, store="mitte")
    revisions = (TouchpointIdentified(**(_fields(ann) | nobody | {"source_profile_id": "", "revision": 0})), ann)
    for at in order:
        offset, partition = (7, 0) if at == 0 else (3, 1)
        insert(store, FakeRecord(TOUCHPOINT_IDENTIFIED.name, CODEC.record(revisions[at])[2], offset, partition))
        store.client.command("SYSTEM STOP MERGES")
    assert store.ask("SELECT event_id, toFloat64(revenue), identifiers FROM touchpoint") == [
        ("1", 10, ["customer:Ann"])
    ]
    assert [(str(p), r) for p, r in store.ask("SELECT person_id, toFloat64(revenue) FROM sale")] == [(uid("Ann"), 10)]
    assert [(str(p), v) for p, v in store.ask("SELECT person_id, toFloat64(value) FROM customer_value")] == [
        (uid("Ann"), 10)
    ]
    store.client.command("SYSTEM START MERGES")
    store.client.command("OPTIMIZE TABLE touchpoint_identified FINAL")
    store.client.command("OPTIMIZE TABLE touch FINAL")
    assert store.one("SELECT count() FROM touchpoint_identified") == 1
    assert [(str(p), r) for p, r in store.ask("SELECT person_id, toFloat64(revenue) FROM sale")] == [(uid("Ann"), 10)]


def _fields(event: TouchpointIdentified) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}
