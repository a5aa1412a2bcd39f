"""A row that ClickHouse refuses is set aside alone; a table that takes no row at all is waited for."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from schemas.codec.avro import HEADER_BYTES
from schemas.events import EventRejected
from schemas.process.reject_window import RejectLimitExceeded, RejectWindow
from schemas.topics import EVENT_REJECTED, TOUCHPOINT_IDENTIFIED, Topic
from sinks.clickhouse import writer as writing
from sinks.clickhouse.record_router import UncheckedRecords
from sinks.clickhouse.topic_writer import TopicWriter
from sinks.clickhouse.writer import Writer
from tests.support.sink_events import touchpoint, uid
from tests.support.sink_store import CODEC, FakeRecord, Store

TOPIC = TOUCHPOINT_IDENTIFIED
TABLE = "footpath.touchpoint_identified"
KNOWN = 5_000
"""Offset of a row that the table has before."""
OFFSETS = f"SELECT _offset FROM {TABLE} FINAL WHERE _offset != {KNOWN} ORDER BY _offset"


def scan(number: int, product: str = "Käse") -> bytes:
    return CODEC.of(TOPIC).encode(touchpoint(uid(f"scan {number}"), "Ann", "scan", "2026-03-01", product=product))


def values_with_poison(count: int, *poison: int) -> list[bytes]:
    return [scan(number, "poison" if number in poison else "Käse") for number in range(count)]


@contextmanager
def refusing(store: Store, how: str, condition: str = "product = 'poison'") -> Iterator[None]:
    """While it lasts, ClickHouse refuses such rows: by a constraint of the table, or a view on it that raises."""
    if how == "constraint":
        store.client.command(f"ALTER TABLE {TABLE} ADD CONSTRAINT refusing CHECK NOT ({condition})")
    else:
        store.client.command(
            "CREATE MATERIALIZED VIEW footpath.refusing ENGINE = Null"
            f" AS SELECT throwIf({condition}, 'of a product') AS one"
            f" FROM (SELECT product::String AS product FROM {TABLE})"
        )
    try:
        yield
    finally:
        allow(store)


def allow(store: Store) -> None:
    store.client.command(f"ALTER TABLE {TABLE} DROP CONSTRAINT IF EXISTS refusing")
    store.client.command("DROP VIEW IF EXISTS footpath.refusing")


async def store_values(
    store: Store, values: list[bytes], topic: Topic = TOPIC, rejects: RejectWindow | None = None, first: int = 0
) -> list[EventRejected]:
    """Stores the values as partition 0 and returns what was published."""
    published: list[EventRejected] = []

    async def publish(rejected: EventRejected) -> None:
        published.append(rejected)

    writer = Writer(store.part.url)
    topic_writer, unchecked = TopicWriter(topic, CODEC, writer, publish, rejects=rejects), UncheckedRecords()
    topic_writer.add(
        0, [FakeRecord(topic.name, value, offset) for offset, value in enumerate(values, first)], unchecked
    )
    try:
        await topic_writer.store(unchecked)
    finally:
        await writer.close()
    return published


def has_a_row(store: Store) -> None:
    asyncio.run(store_values(store, [scan(1_000)], first=KNOWN))


@pytest.mark.parametrize("how", ["constraint", "view"])
def test_refused_rows_are_set_aside_and_all_others_stored_once_however_often_they_come(store: Store, how: str) -> None:
    poison = (0, 17, 18, 60, 99)
    values = values_with_poison(100, *poison)
    stored = [(offset,) for offset in range(100) if offset not in poison]
    has_a_row(store)
    with refusing(store, how):
        first = asyncio.run(store_values(store, values))
        assert [(one.offset, one.raw) for one in first] == [(offset, values[offset]) for offset in poison]
        assert {(one.stage, one.reason, one.topic) for one in first} == {("sink", "unstorable", TOPIC.name)}
        assert all("error" in one.detail and "poison" not in one.detail for one in first)
        again = asyncio.run(store_values(store, values))
        assert again == first
        if how == "constraint":  # with a view that raises, the row itself may be in the table
            assert store.ask(OFFSETS) == stored
        assert set(stored) <= set(store.ask(OFFSETS))
        assert store.one(f"SELECT count() - uniqExact(event_id) FROM {TABLE} FINAL") == 0


def test_a_poisoned_row_that_is_the_first_of_an_empty_table_is_set_aside_too(store: Store) -> None:
    with refusing(store, "constraint"):
        [rejected] = asyncio.run(store_values(store, values_with_poison(1, 0)))
    assert rejected.reason == "unstorable" and store.ask(OFFSETS) == []


@pytest.mark.parametrize("how", ["constraint", "view"])
def test_a_table_that_refuses_every_row_is_waited_for_and_nothing_is_set_aside(store: Store, how: str) -> None:
    values = values_with_poison(20)
    has_a_row(store)

    async def until_allowed() -> list[EventRejected]:
        storing = asyncio.create_task(store_values(store, values))
        await asyncio.sleep(1.5)
        assert not storing.done()
        await asyncio.to_thread(allow, store)
        return await storing

    with refusing(store, how, "1"):
        assert asyncio.run(until_allowed()) == []
    assert store.ask(OFFSETS) == [(offset,) for offset in range(20)]


def test_a_column_that_is_missing_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after an upgrade whose migration has not run yet."""
    monkeypatch.setattr(writing, "LONGEST_PAUSE_S", 0.2)
    has_a_row(store)
    store.client.command(f"ALTER TABLE {TABLE} RENAME COLUMN zone TO zone_of_old")

    async def until_migrated() -> list[EventRejected]:
        storing = asyncio.create_task(store_values(store, values_with_poison(3)))
        await asyncio.sleep(1)
        assert not storing.done()
        await asyncio.to_thread(store.client.command, f"ALTER TABLE {TABLE} RENAME COLUMN zone_of_old TO zone")
        return await storing

    assert asyncio.run(until_migrated()) == []
    assert store.ask(OFFSETS) == [(0,), (1,), (2,)]


def test_a_refused_reject_is_stored_as_the_reject_of_itself(store: Store) -> None:
    """It is not published: the sink would read it again."""
    mate = EventRejected(event_id=uid("mate"), occurred_at=0, stage="gateway", reason="invalid", detail="fine", raw=b"")
    poison = EventRejected(
        event_id=uid("poison"), occurred_at=0, stage="gateway", reason="invalid", detail="poison", raw=b""
    )
    values = [CODEC.of(EVENT_REJECTED).encode(one) for one in (mate, poison)]
    table = "footpath.event_rejected"
    store.client.command(f"ALTER TABLE {table} ADD CONSTRAINT refusing CHECK detail != 'poison'")
    try:
        assert asyncio.run(store_values(store, values, EVENT_REJECTED)) == []
    finally:
        store.client.command(f"ALTER TABLE {table} DROP CONSTRAINT refusing")
    found = store.ask(f"SELECT stage, reason, topic, hex(raw) FROM {table} FINAL ORDER BY _offset")
    assert [row[:3] for row in found] == [("gateway", "invalid", ""), ("sink", "unstorable", EVENT_REJECTED.name)]
    assert bytes.fromhex(found[1][3]) == values[1]


def test_too_large_a_share_of_rejects_stops_the_sink(store: Store) -> None:
    bad = [scan(number)[:HEADER_BYTES] for number in range(6)]
    limit = RejectWindow(0.5, 10, "FOOTPATH_SINK_REJECT_RATIO and FOOTPATH_SINK_REJECT_WINDOW")
    assert len(asyncio.run(store_values(store, [*bad[:5], *map(scan, range(5))], rejects=limit))) == 5
    with pytest.raises(RejectLimitExceeded, match=f"the sink rejected 6 .* FOOTPATH_SINK_REJECT_RATIO.* {TOPIC.name}"):
        asyncio.run(store_values(store, [*bad, *map(scan, range(4))], rejects=limit))
