"""ClickHouse stores unchecked records as the slow way would, or not at all: no body changes another one's row."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.codec.avro import HEADER_BYTES
from schemas.codec.compiled import long_encoder
from schemas.events import Event, EventRejected
from schemas.topics import TOPICS, TOUCHPOINT_IDENTIFIED, Topic
from sinks.clickhouse.record_router import UncheckedRecords
from sinks.clickhouse.topic_writer import TopicWriter
from sinks.clickhouse.writer import Writer
from tests.support.example_events import events
from tests.support.sink_events import touchpoint, uid
from tests.support.sink_store import CODEC, FakeRecord, Store

TOPIC = TOUCHPOINT_IDENTIFIED
CODEC_OF_TOPIC = CODEC.of(TOPIC)
STORED = [topic for topic in TOPICS if "sink" in topic.read_by]
EXAMPLES = 15
long = long_encoder()

PRIMARY = b"customer:Ann"
PERSON = long(36) + uid("Ann").encode()
LIST = long(1) + long(len(PRIMARY)) + PRIMARY + long(0)
TEXT = long(5) + "Käse".encode()
ABSENT = b"\0" + PERSON
"""No reply partition, then the person."""


def valid(number: int) -> bytes:
    return CODEC_OF_TOPIC.encode(touchpoint(uid(f"scan {number}"), "Ann", "scan", "2026-03-01", product="Käse"))


VALID = valid(1_000)


def replaced(old: bytes, new: bytes) -> bytes:
    at = VALID.rindex(old)
    return VALID[:at] + new + VALID[at + len(old) :]


BROKEN = {
    "cut": VALID[:-1],
    "cut to nothing": VALID[:HEADER_BYTES],
    "with a byte more": VALID + b"\0",
    "with a whole record more": VALID + VALID[HEADER_BYTES:],
    "with a row of its own": VALID[:-1] + long(0) + long(0) + long(99) + VALID + long(0) + long(0) + long(99),
    "a text that is longer than all": replaced(PERSON, long(1 << 30) + PERSON[1:]),
    "a text that reaches into the next record": replaced(PERSON, long(36 + len(VALID) + 60) + PERSON[1:]),
    "a text of negative length": replaced(PERSON, long(-36) + PERSON[1:]),
    "a text that is no UTF-8": replaced(TEXT, TEXT.replace("ä".encode(), b"\xff\xff")),
    "a list's text that is no UTF-8": replaced(LIST, LIST.replace(b"Ann", b"A\xffn")),
    "a branch that the union does not have": replaced(ABSENT, long(7) + PERSON),
    "the branch that follows the last": replaced(ABSENT, long(2) + PERSON),
    "that branch with what it might hold": replaced(ABSENT, long(2) + long(3) + b"abc" + PERSON),
    "a negative branch": replaced(ABSENT, long(-1) + PERSON),
    "a branch of 64 bits": replaced(ABSENT, long(1 << 40) + PERSON),
    "an int of 33 bits": replaced(ABSENT, long(1) + long(1 << 32) + PERSON),
    "more items than bytes": replaced(LIST, long(1 << 50) + LIST[1:]),
    "a list without its end": replaced(LIST, LIST[:-1]),
}
REFUSED = {**BROKEN, "a number in eleven bytes": replaced(PERSON, b"\xc8" + b"\x80" * 9 + b"\0" + PERSON[1:])}
"""ClickHouse refuses these; the last one can be decoded in Python."""
UNUSUAL = {
    "a list in two blocks": replaced(LIST, LIST[:-1] + long(1) + long(1) + b"x" + long(0)),
    "a list with its size in bytes": replaced(LIST, long(-1) + long(len(LIST) - 2) + LIST[1:]),
    "a number in more bytes than it needs": replaced(PERSON, b"\xc8\x80\0" + PERSON[1:]),
    "a branch in more bytes than it needs": replaced(ABSENT, b"\x80\x80\0" + PERSON),
}


def rows(store: Store, topic: Topic = TOPIC) -> list[tuple[Any, ...]]:
    return store.ask(f"SELECT * EXCEPT inserted_at FROM footpath.{topic.table} ORDER BY _offset")


def between_valid(value: bytes) -> list[FakeRecord]:
    """The value between two valid records."""
    return [FakeRecord(TOPIC.name, one, offset) for offset, one in enumerate((valid(0), value, valid(2)))]


@pytest.mark.parametrize("topic", STORED, ids=lambda topic: topic.noun)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.generate],
)
@given(data=st.data())
def test_whatever_bodies_are_they_are_stored_as_by_the_slow_way_or_refused(
    store: Store, topic: Topic, data: st.DataObject
) -> None:
    event: Event = data.draw(events(topic))
    value = whole = CODEC.of(topic).encode(event)
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(HEADER_BYTES, len(value)))
        new = data.draw(st.one_of(st.binary(max_size=4), st.integers(-(2**63), 2**63 - 1).map(long)))
        value = value[:at] + new + value[at + data.draw(st.sampled_from([0, 1, len(new)])) :]
    records = [FakeRecord(topic.name, one, offset) for offset, one in enumerate((whole, value, whole))]
    store.client.command(f"TRUNCATE TABLE footpath.{topic.table}")
    stored_all = store.try_insert(topic, records)
    found = rows(store, topic)
    assert stored_all or not found
    assert stored_all or value != whole
    if stored_all:
        store.client.command(f"TRUNCATE TABLE footpath.{topic.table}")
        assert not store.insert_checked(topic, records).rejects
        assert repr(found) == repr(rows(store, topic))


@pytest.mark.parametrize("kind", REFUSED)
def test_a_broken_body_makes_clickhouse_refuse_the_insert(store: Store, kind: str) -> None:
    assert not store.try_insert(TOPIC, between_valid(REFUSED[kind]))
    assert rows(store) == []


@pytest.mark.parametrize("kind", UNUSUAL)
def test_an_unusual_encoding_is_stored_like_the_usual_one(store: Store, kind: str) -> None:
    assert store.try_insert(TOPIC, between_valid(UNUSUAL[kind]))
    found = rows(store)
    store.empty()
    assert not store.insert_checked(TOPIC, between_valid(UNUSUAL[kind])).rejects
    assert found == rows(store)


@pytest.mark.parametrize("kind", REFUSED)
def test_an_insert_that_is_cut_to_pieces_leaves_valid_rows_alone(store: Store, kind: str) -> None:
    """Rows that ClickHouse wrote before it came to the broken body stay."""
    records = [FakeRecord(TOPIC.name, valid(offset), offset) for offset in range(20)]
    assert store.try_insert(TOPIC, records)
    expected = rows(store)
    store.empty()
    records[10] = FakeRecord(TOPIC.name, REFUSED[kind], 10)
    pieces = {"max_insert_block_size": 1, "min_insert_block_size_rows": 1, "min_insert_block_size_bytes": 1}
    assert not store.try_insert(TOPIC, records, **pieces)
    assert set(map(repr, rows(store))) <= set(map(repr, expected[:10] + expected[11:]))


def stored(store: Store, values: list[bytes | None]) -> list[EventRejected]:
    """Stores the values as partition 0 and returns the rejects."""
    rejects: list[EventRejected] = []

    async def publish(rejected: EventRejected) -> None:
        rejects.append(rejected)

    async def run() -> None:
        writer = Writer(store.part.url)
        topic_writer, unchecked = TopicWriter(TOPIC, CODEC, writer, publish), UncheckedRecords()
        topic_writer.add(0, [FakeRecord(TOPIC.name, value, offset) for offset, value in enumerate(values)], unchecked)
        try:
            await topic_writer.store(unchecked)
        finally:
            await writer.close()

    asyncio.run(run())
    return rejects


@pytest.mark.parametrize("kind", sorted(REFUSED.keys() - BROKEN.keys()))
def test_bodies_that_only_clickhouse_cannot_read_are_stored_the_slow_way(store: Store, kind: str) -> None:
    assert stored(store, [valid(0), REFUSED[kind], valid(2)]) == []
    assert [row[-1] for row in rows(store)] == [0, 1, 2]


def test_every_broken_body_is_rejected_and_every_other_stored(store: Store) -> None:
    """A batch has every kind of broken body, records without a schema, and valid ones between them.
    Each valid one is stored once, each other one is rejected with its position and its bytes."""
    bad: list[bytes | None] = [*BROKEN.values(), None, b"", b"garbage", VALID[:5]]
    values = [value for number, one in enumerate(bad) for value in (valid(number), one)]
    rejects = stored(store, values)
    assert {(rejected.offset, rejected.raw) for rejected in rejects} == {
        (offset, value or b"") for offset, value in enumerate(values) if offset % 2
    }
    assert {rejected.reason for rejected in rejects} == {"undecodable"}
    assert store.ask("SELECT _offset FROM touchpoint_identified ORDER BY _offset") == [
        (offset,) for offset in range(0, len(values), 2)
    ]


@pytest.mark.parametrize("damage", [lambda value: value, lambda value: value[:-1]], ids=["whole", "cut"])
def test_a_probe_is_not_stored_and_hides_no_damage(store: Store, damage: Callable[[bytes], bytes]) -> None:
    probe = damage(CODEC_OF_TOPIC.encode(touchpoint(uid("probe"), "Ann", "probe", "2026-03-01")))
    assert store.try_insert(TOPIC, between_valid(probe)) == (damage(b"ab") == b"ab")
    assert [offset for (offset,) in store.ask("SELECT _offset FROM touchpoint_identified")] in ([], [0, 2])
