"""The store's part in a replay: which rejects are meant, what a checksum tells, copies that take a table's place."""

import threading
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from deploy.errors import Refused
from deploy.replaying.beside import BESIDE, Copies, feeds_from
from deploy.replaying.checksum import Checksum, checksum_of_derived, checksum_of_topic
from deploy.replaying.rejects import PAGE_ROWS, Rejects
from deploy.replaying.table import between
from schemas.events import EventRejected, EventReplayed, TouchpointIdentified
from schemas.topics import IDENTITY_CHANGED, TOUCHPOINT_IDENTIFIED
from tests.sinks.events import merged, named, touchpoint, uid
from tests.sinks.store import CODEC, Came, Store

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


def test_a_condition_means_rows_of_the_table_and_nothing_else(store: Store) -> None:
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
        with pytest.raises(Refused, match="--where"):
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


def test_the_view_says_what_was_replayed_what_was_replaced_and_what_waits(store: Store) -> None:
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
    records = [Came("", CODEC.record(event)[2], offset) for offset, event in enumerate(events)]
    again = [*records, *chance.sample(records, len(records) // 2)]
    chance.shuffle(again)
    for at in range(0, len(again), 9):
        assert store.offer(TOUCHPOINT_IDENTIFIED, again[at : at + 9])
    late = touchpoint(uid("late"), "late", "scan", "2026-03-01")
    assert store.offer(TOUCHPOINT_IDENTIFIED, [Came("", CODEC.record(late)[2], 1_000 + chance.randrange(9))])
    return checksum_of_topic(store.client, "touchpoint_identified", {0: 1_000}, "true")


def test_a_checksum_hangs_on_what_rows_say_and_on_nothing_else(store: Store) -> None:
    events = [touchpoint(uid(f"{n}"), f"p{n % 7}", "scan", "2026-03-01", store=f"s{n}") for n in range(30)]
    one, other = filled(store, events, Random(1)), filled(store, events, Random(2))
    assert one == other and one.rows == 30
    nothing, free = (touchpoint(uid("0"), "p0", "scan", "2026-03-01", amount) for amount in (None, Decimal(0)))
    sums = {filled(store, [change, *events[1:]], Random(3)).sum for change in (events[0], nothing, free)}
    assert len(sums) == 3
    assert filled(store, events[:-1], Random(4)) != one


def test_a_copy_takes_the_place_of_a_table_and_of_all_that_follows_from_it(store: Store) -> None:
    """What is inserted while the copy stands is in it, what the topic does not have any more is kept, what nobody told
    is gone; nothing else is left."""
    store.put([merged(f"old {n}", "x") for n in range(5)])
    store.client.command(
        "INSERT INTO footpath.identity_override (own_person_id, current_person_id, version) "
        "VALUES (generateUUIDv4(), generateUUIDv4(), 99)"
    )
    feeds = feeds_from(store.client, IDENTITY_CHANGED.table)
    assert [(feed.source, feed.target) for feed in feeds] == [("identity_changed", "identity_override")]
    copies = Copies(store.client, IDENTITY_CHANGED.table, feeds)
    for _ in range(2):  # the second cleans up after the first
        copies.make()
    store.put([named("late", "y", 1)])
    first = store.one("SELECT min(_offset) FROM identity_changed")
    assert copies.keep(f"_offset < {first + 3}") == 3
    assert store.one("SELECT count() FROM identity_changed") == 6
    assert checksum_of_derived(store.client, "identity_override").rows == 7
    assert checksum_of_derived(store.client, f"identity_override{BESIDE}").rows == 4
    comment = "SELECT comment FROM system.tables WHERE name = 'identity_changed'"
    before = store.one(comment)
    copies.swap({0: 1_000_000})
    store.put([named("later", "z", 1)])
    assert store.one(comment) != before
    copies.drop()
    assert store.one(comment) == before
    store.put([named("last", "z", 1)])
    assert store.one("SELECT count() FROM identity_changed") == 6
    assert checksum_of_derived(store.client, "identity_override").rows == 6
    assert not store.ask("SELECT name FROM system.tables WHERE name LIKE '%\\_\\_replay%'")


def test_only_what_a_topic_still_has_is_held_against_it(store: Store) -> None:
    """Records before its beginning are gone (retention), others from behind its end (it was made anew), and compaction
    takes those that a copy does not get any more."""
    store.put([merged(f"{n}", "x") for n in range(10)])
    place = TopicPartition(IDENTITY_CHANGED.name, 0)
    first = store.one("SELECT min(_offset) FROM identity_changed")
    condition = between(IDENTITY_CHANGED, {place: first + 2}, {place: first + 6})
    assert store.one(f"SELECT count() FROM identity_changed WHERE {condition}") == 4
    copies = Copies(store.client, IDENTITY_CHANGED.table, feeds_from(store.client, IDENTITY_CHANGED.table))
    copies.make()
    copies.keep(f"_offset = {first + 3}")
    compacted = between(replace(IDENTITY_CHANGED, compacted=True), {place: first}, {place: first + 10})
    assert store.one(f"SELECT count() FROM identity_changed WHERE {compacted}") == 1
    copies.drop()


def test_what_follows_from_a_copy_is_what_follows_from_its_table(store: Store) -> None:
    """Filled before the copy was made, or while it stands: every table that touchpoints feed says the same."""
    early = [touchpoint(uid(f"{n}"), f"p{n % 3}", "sale", "2026-03-01", Decimal(n), own=f"o{n}") for n in range(9)]
    store.put(early)
    copies = Copies(store.client, TOUCHPOINT_IDENTIFIED.table, feeds_from(store.client, TOUCHPOINT_IDENTIFIED.table))
    copies.make()
    store.put([touchpoint(uid("late"), "p1", "scan", "2026-03-02", channel="poster")])
    copies.keep("true")
    fed = [table for table in copies.tables if table != TOUCHPOINT_IDENTIFIED.table]
    was = {table: checksum_of_derived(store.client, table) for table in copies.tables}
    now = {table: checksum_of_derived(store.client, f"{table}{BESIDE}") for table in copies.tables}
    copies.drop()
    assert fed and was == now and was[TOUCHPOINT_IDENTIFIED.table].rows == 10


def test_no_insert_falls_between_two_tables_that_change_places(store: Store) -> None:
    """Somebody inserts all the time. Every other run ends in the middle, as a kill would end it, and the next one makes
    it good. Each row that was acknowledged is there, and in every table that follows."""
    acknowledged, over = 0, threading.Event()

    def insert() -> None:
        nonlocal acknowledged
        other = Store(store.part)
        while not over.is_set():
            event = touchpoint(uid(f"{acknowledged}"), "p", "scan", "2026-03-01")
            if other.offer(TOUCHPOINT_IDENTIFIED, [Came("", CODEC.record(event)[2], acknowledged)]):
                acknowledged += 1

    inserting = threading.Thread(target=insert)
    inserting.start()
    try:
        for run in range(ROUNDS):
            feeds = feeds_from(store.client, TOUCHPOINT_IDENTIFIED.table)
            copies = Copies(store.client, TOUCHPOINT_IDENTIFIED.table, feeds)
            copies.make()
            end = acknowledged
            copies.keep(f"_offset < {end}")
            copies.swap({0: end})
            if run % 2:
                copies.drop()
    finally:
        over.set()
        inserting.join()
    copies.drop()
    for table in ("touchpoint_identified", "touch"):
        assert store.one(f"SELECT uniqExact(_key) FROM {table}") == acknowledged >= ROUNDS, table
