"""ClickHouse takes unchecked records as the slow way would, or not at all: no body harms its neighbours or lies."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.codec import HEADER_BYTES
from schemas.compiled import long_encoder
from schemas.events import Event, EventRejected
from schemas.topics import TOPICS, TOUCHPOINT_IDENTIFIED, Topic
from sinks.agents import Agent
from sinks.rows import Unchecked
from sinks.store.writer import Writer
from tests.schemas.examples import events
from tests.sinks.events import touchpoint, uid
from tests.sinks.store import CODEC, Came, Store

TOPIC = TOUCHPOINT_IDENTIFIED
CODEC_OF_TOPIC = CODEC.of(TOPIC)
STORED = [topic for topic in TOPICS if "sink" in topic.read_by]
EXAMPLES = 15
long = long_encoder()

ANCHOR = b"customer:Ann"
PERSON = long(36) + uid("Ann").encode()
LIST = long(1) + long(len(ANCHOR)) + ANCHOR + long(0)
TEXT = long(5) + "Käse".encode()
ABSENT = b"\0" + PERSON
"""No reply partition, then the person, who ends the body."""


def good(number: int) -> bytes:
    return CODEC_OF_TOPIC.encode(touchpoint(uid(f"scan {number}"), "Ann", "scan", "2026-03-01", product="Käse"))


GOOD = good(1_000)


def replaced(old: bytes, new: bytes) -> bytes:
    at = GOOD.rindex(old)
    return GOOD[:at] + new + GOOD[at + len(old) :]


BROKEN = {
    "cut": GOOD[:-1],
    "cut to nothing": GOOD[:HEADER_BYTES],
    "with a byte more": GOOD + b"\0",
    "with a whole record more": GOOD + GOOD[HEADER_BYTES:],
    "with a row of its own": GOOD[:-1] + long(0) + long(0) + long(99) + GOOD + long(0) + long(0) + long(99),
    "a text that is longer than all": replaced(PERSON, long(1 << 30) + PERSON[1:]),
    "a text that reaches into the next record": replaced(PERSON, long(36 + len(GOOD) + 60) + PERSON[1:]),
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
"""ClickHouse does not take these; the last of them is read all the same."""
UNUSUAL = {
    "a list in two blocks": replaced(LIST, LIST[:-1] + long(1) + long(1) + b"x" + long(0)),
    "a list with its size in bytes": replaced(LIST, long(-1) + long(len(LIST) - 2) + LIST[1:]),
    "a number in more bytes than it needs": replaced(PERSON, b"\xc8\x80\0" + PERSON[1:]),
    "a branch in more bytes than it needs": replaced(ABSENT, b"\x80\x80\0" + PERSON),
}


def rows(store: Store, topic: Topic = TOPIC) -> list[tuple[Any, ...]]:
    return store.ask(f"SELECT * EXCEPT inserted_at FROM footpath.{topic.table} ORDER BY _offset")


def between(value: bytes) -> list[Came]:
    """The value with a sound record on either side."""
    return [Came(TOPIC.name, one, offset) for offset, one in enumerate((good(0), value, good(2)))]


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
    records = [Came(topic.name, one, offset) for offset, one in enumerate((whole, value, whole))]
    store.client.command(f"TRUNCATE TABLE footpath.{topic.table}")
    taken = store.offer(topic, records)
    found = rows(store, topic)
    assert taken or not found
    assert taken or value != whole
    if taken:
        store.client.command(f"TRUNCATE TABLE footpath.{topic.table}")
        assert not store.put_records(topic, records).rejects
        assert repr(found) == repr(rows(store, topic))


@pytest.mark.parametrize("kind", REFUSED)
def test_a_broken_body_makes_clickhouse_refuse_the_insert(store: Store, kind: str) -> None:
    assert not store.offer(TOPIC, between(REFUSED[kind]))
    assert rows(store) == []


@pytest.mark.parametrize("kind", UNUSUAL)
def test_an_unusual_body_is_stored_as_it_is_meant(store: Store, kind: str) -> None:
    assert store.offer(TOPIC, between(UNUSUAL[kind]))
    found = rows(store)
    store.empty()
    assert not store.put_records(TOPIC, between(UNUSUAL[kind])).rejects
    assert found == rows(store)


@pytest.mark.parametrize("kind", REFUSED)
def test_an_insert_that_is_cut_to_pieces_leaves_sound_rows_alone(store: Store, kind: str) -> None:
    """What ClickHouse has written before it comes to the broken body stays."""
    records = [Came(TOPIC.name, good(offset), offset) for offset in range(20)]
    assert store.offer(TOPIC, records)
    sound = rows(store)
    store.empty()
    records[10] = Came(TOPIC.name, REFUSED[kind], 10)
    pieces = {"max_insert_block_size": 1, "min_insert_block_size_rows": 1, "min_insert_block_size_bytes": 1}
    assert not store.offer(TOPIC, records, **pieces)
    assert set(map(repr, rows(store))) <= set(map(repr, sound[:10] + sound[11:]))


def stored(store: Store, values: list[bytes | None]) -> list[EventRejected]:
    """Rejects of an agent that was given the values as partition 0."""
    rejects: list[EventRejected] = []

    async def publish(rejected: EventRejected) -> None:
        rejects.append(rejected)

    async def run() -> None:
        writer = Writer(store.part.url)
        agent, unchecked = Agent(TOPIC, CODEC, writer, publish), Unchecked()
        agent.gather(0, [Came(TOPIC.name, value, offset) for offset, value in enumerate(values)], unchecked)
        try:
            await agent.store(unchecked)
        finally:
            await writer.close()

    asyncio.run(run())
    return rejects


@pytest.mark.parametrize("kind", sorted(REFUSED.keys() - BROKEN.keys()))
def test_what_only_clickhouse_cannot_read_is_stored_the_slow_way(store: Store, kind: str) -> None:
    assert stored(store, [good(0), REFUSED[kind], good(2)]) == []
    assert [row[-1] for row in rows(store)] == [0, 1, 2]


def test_every_broken_body_is_rejected_and_every_other_stored(store: Store) -> None:
    """A batch holds every kind of broken body, records of no schema, and sound ones between them.
    Each sound one is stored once, each other is rejected with where it is and its bytes."""
    bad: list[bytes | None] = [*BROKEN.values(), None, b"", b"garbage", GOOD[:5]]
    values = [value for number, one in enumerate(bad) for value in (good(number), one)]
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
    assert store.offer(TOPIC, between(probe)) == (damage(b"ab") == b"ab")
    assert [offset for (offset,) in store.ask("SELECT _offset FROM touchpoint_identified")] in ([], [0, 2])
