"""The store's part in a replay: selection of rejects, checksums, shadow tables that replace a table."""

import threading
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from deploy.operate.replay.checksum import Checksum, checksum_of_derived, checksum_of_topic
from deploy.operate.replay.rejects import PAGE_ROWS, Rejects
from deploy.operate.replay.shadow_table import SHADOW, ShadowTables, feeds_from
from deploy.operate.replay.superseded import is_superseded
from deploy.operate.replay.table import on_topic_condition
from schemas.events import CostReported, EventRejected, EventReplayed, TouchpointIdentified
from schemas.process.errors import OperatorError
from schemas.topics import IDENTITY_CHANGED, TOUCHPOINT_IDENTIFIED
from tests.support.sink_events import moved, touchpoint, uid
from tests.support.sink_store import CODEC, FakeRecord, Store

ROUNDS = 4
ODD = 'it\'s "odd" \\ (select) `1`'


def reject(number: int, **fields: Any) -> EventRejected:
    event = EventRejected(
        event_id=uid(f"reject {number}"),
        occurred_at=1_780_000_000_000_000 + number // 7,
        stage="gateway",
        reason="invalid",
        detail="",
        raw=b"\xff%d" % number,
    )
    return msgspec.structs.replace(event, **fields)


def test_a_condition_can_only_select_rows_of_the_table(store: Store) -> None:
    store.put([reject(1, reason="malformed"), reject(2, detail=ODD)])
    escaped = ODD.replace("\\", "\\\\").replace("'", "\\'")
    for condition, count in (("", 2), ("reason = 'malformed'", 1), (f"detail = '{escaped}' OR stage = ''", 1)):
        assert Rejects(store.client, condition).count() == count
    for wrong in (
        "nonsense",
        "reason =",
        "event_id IN (SELECT event_id FROM touchpoint)",
        "1) UNION ALL SELECT (1",
        "1; DROP TABLE event_rejected",
        "1 FORMAT JSON",
    ):
        with pytest.raises(OperatorError, match="--where"):
            Rejects(store.client, wrong).count()


def test_pages_have_every_reject_once_and_oldest_first(store: Store) -> None:
    """Many at one time, some of them twice, some done already."""
    rejects = [reject(number) for number in range(PAGE_ROWS + 60)]
    Random(7).shuffle(rejects)
    store.put(rejects)
    store.put(rejects[:20])
    done = {one.event_id for one in rejects[100:140]}
    whole = [one for page in Rejects(store.client, "").pages(done, None) for one in page]
    wanted = sorted(
        (one for one in rejects if one.event_id not in done), key=lambda one: (one.occurred_at, one.event_id)
    )
    assert whole == wanted
    for limit in (1, PAGE_ROWS, len(wanted) + 5):
        assert [one for page in Rejects(store.client, "").pages(done, limit) for one in page] == wanted[:limit]


def test_a_cost_that_was_stated_again_since_is_superseded(store: Store) -> None:
    """The latest statement of a campaign's day counts, by the time of its receipt; other days and places are others."""
    fields: dict[str, Any] = {"campaign": "spring", "channel": "search", "amount_micros": 1, "currency": "EUR"}
    stated = CostReported(event_id=uid("cost"), occurred_at=86_400_000_000, received_at=500, source="till", **fields)
    store.put([stated])
    for received_at, more, superseded in (
        (499, {}, True),
        (500, {}, False),
        (499, {"occurred_at": 2 * 86_400_000_000 - 1}, True),
        (499, {"occurred_at": 2 * 86_400_000_000}, False),
        (499, {"channel": "poster"}, False),
        (499, {"store": "mitte"}, False),
    ):
        replayed = msgspec.structs.replace(stated, received_at=received_at, **more)
        assert is_superseded(store.client, replayed) == superseded, (received_at, more)
    assert not is_superseded(store.client, touchpoint(uid("e"), "p", "scan", "2026-06-01"))


def test_the_view_counts_replayed_replaced_and_waiting_events(store: Store) -> None:
    store.put([reject(number) for number in range(5)])
    for number, outcome in ((0, "accepted"), (1, "duplicate"), (2, "refused")):
        one = reject(number)
        replayed = EventReplayed(
            event_id=uid(outcome), occurred_at=1, reject_event_id=one.event_id, replayed_event_id="e",
            outcome=outcome, stage=one.stage, reason=one.reason,
        )  # fmt: skip
        store.put([replayed, replayed])
    assert store.ask("SELECT events, replayed, replaced, waiting FROM rejected") == [(5, 2, 1, 2)]


def filled(store: Store, events: list[TouchpointIdentified], chance: Random) -> Checksum:
    """Of a table that got these records in any order, some of them twice, and later ones that do not count yet."""
    store.empty()
    records = [FakeRecord("", CODEC.record(event)[2], offset) for offset, event in enumerate(events)]
    again = [*records, *chance.sample(records, len(records) // 2)]
    chance.shuffle(again)
    for at in range(0, len(again), 9):
        assert store.try_insert(TOUCHPOINT_IDENTIFIED, again[at : at + 9])
    late = touchpoint(uid("late"), "late", "scan", "2026-03-01")
    assert store.try_insert(TOUCHPOINT_IDENTIFIED, [FakeRecord("", CODEC.record(late)[2], 1_000 + chance.randrange(9))])
    return checksum_of_topic(store.client, "touchpoint_identified", {0: 1_000}, "true")


def test_a_checksum_depends_on_the_content_of_rows_and_on_nothing_else(store: Store) -> None:
    events = [touchpoint(uid(f"{n}"), f"p{n % 7}", "scan", "2026-03-01", store=f"s{n}") for n in range(30)]
    one, other = filled(store, events, Random(1)), filled(store, events, Random(2))
    assert one == other and one.rows == 30
    nothing, free = (touchpoint(uid("0"), "p0", "scan", "2026-03-01", amount) for amount in (None, Decimal(0)))
    sums = {filled(store, [change, *events[1:]], Random(3)).sum for change in (events[0], nothing, free)}
    assert len(sums) == 3
    assert filled(store, events[:-1], Random(4)) != one


def test_a_shadow_table_replaces_a_table_and_everything_derived_from_it(store: Store) -> None:
    """Rows inserted while the shadow table exists are in it, rows that the topic no longer has are kept, rows without a
    source are gone; no other object is left."""
    store.put([moved(f"old {n}", "x", 1) for n in range(5)])
    store.client.command(
        "INSERT INTO footpath.identity_override (source_profile_id, current_person_id, version) "
        "VALUES (generateUUIDv4(), generateUUIDv4(), 99)"
    )
    feeds = feeds_from(store.client, IDENTITY_CHANGED.table)
    assert [(feed.source, feed.target) for feed in feeds] == [("identity_changed", "identity_override")]
    shadow = ShadowTables(store.client, IDENTITY_CHANGED.table, feeds)
    for _ in range(2):  # the second cleans up after the first
        shadow.create()
    store.put([moved("late", "y", 1)])
    first = store.one("SELECT min(_offset) FROM identity_changed")
    assert shadow.copy_rows(f"_offset < {first + 3}") == 3
    assert store.one("SELECT count() FROM identity_changed") == 6
    assert checksum_of_derived(store.client, "identity_override").rows == 7
    assert checksum_of_derived(store.client, f"identity_override{SHADOW}").rows == 4
    comment = "SELECT comment FROM system.tables WHERE name = 'identity_changed'"
    before = store.one(comment)
    shadow.exchange({0: 1_000_000})
    store.put([moved("later", "z", 1)])
    assert store.one(comment) != before
    shadow.drop()
    assert store.one(comment) == before
    store.put([moved("last", "z", 1)])
    assert store.one("SELECT count() FROM identity_changed") == 6
    assert checksum_of_derived(store.client, "identity_override").rows == 6
    assert not store.ask("SELECT name FROM system.tables WHERE name LIKE '%\\_\\_replay%'")


def test_only_records_that_a_topic_still_has_are_compared(store: Store) -> None:
    """Records before its beginning are gone (retention), others after its end (it was created again), and compaction
    removes records that a shadow table does not receive."""
    store.put([moved(f"{n}", "x", 1) for n in range(10)])
    place = TopicPartition(IDENTITY_CHANGED.name, 0)
    first = store.one("SELECT min(_offset) FROM identity_changed")
    condition = on_topic_condition(IDENTITY_CHANGED, {place: first + 2}, {place: first + 6})
    assert store.one(f"SELECT count() FROM identity_changed WHERE {condition}") == 4
    shadow = ShadowTables(store.client, IDENTITY_CHANGED.table, feeds_from(store.client, IDENTITY_CHANGED.table))
    shadow.create()
    shadow.copy_rows(f"_offset = {first + 3}")
    compacted = on_topic_condition(replace(IDENTITY_CHANGED, compacted=True), {place: first}, {place: first + 10})
    assert store.one(f"SELECT count() FROM identity_changed WHERE {compacted}") == 1
    shadow.drop()


def test_tables_derived_from_a_shadow_table_equal_those_of_its_table(store: Store) -> None:
    """Rows from before the shadow table and while it exists: every table fed by touchpoints has the same content."""
    early = [touchpoint(uid(f"{n}"), f"p{n % 3}", "sale", "2026-03-01", Decimal(n), profile=f"o{n}") for n in range(9)]
    store.put(early)
    shadow = ShadowTables(
        store.client, TOUCHPOINT_IDENTIFIED.table, feeds_from(store.client, TOUCHPOINT_IDENTIFIED.table)
    )
    shadow.create()
    store.put([touchpoint(uid("late"), "p1", "scan", "2026-03-02", channel="poster")])
    shadow.copy_rows("true")
    fed = [table for table in shadow.tables if table != TOUCHPOINT_IDENTIFIED.table]
    was = {table: checksum_of_derived(store.client, table) for table in shadow.tables}
    now = {table: checksum_of_derived(store.client, f"{table}{SHADOW}") for table in shadow.tables}
    shadow.drop()
    assert fed and was == now and was[TOUCHPOINT_IDENTIFIED.table].rows == 10


def test_no_insert_is_lost_while_two_tables_are_swapped(store: Store) -> None:
    """Inserts run all the time. Every other run ends in the middle, as after a kill, and the next one repairs it. Each
    acknowledged row is there, and in every derived table."""
    acknowledged, over = 0, threading.Event()

    def insert() -> None:
        nonlocal acknowledged
        other = Store(store.part)
        while not over.is_set():
            event = touchpoint(uid(f"{acknowledged}"), "p", "scan", "2026-03-01")
            if other.try_insert(TOUCHPOINT_IDENTIFIED, [FakeRecord("", CODEC.record(event)[2], acknowledged)]):
                acknowledged += 1

    inserting = threading.Thread(target=insert)
    inserting.start()
    try:
        for run in range(ROUNDS):
            feeds = feeds_from(store.client, TOUCHPOINT_IDENTIFIED.table)
            shadow = ShadowTables(store.client, TOUCHPOINT_IDENTIFIED.table, feeds)
            shadow.create()
            end = acknowledged
            shadow.copy_rows(f"_offset < {end}")
            shadow.exchange({0: end})
            if run % 2:
                shadow.drop()
    finally:
        over.set()
        inserting.join()
    shadow.drop()
    for table in ("touchpoint_identified", "touch"):
        assert store.one(f"SELECT uniqExact(_key) FROM {table}") == acknowledged >= ROUNDS, table
