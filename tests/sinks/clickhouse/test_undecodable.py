"""Bytes that are not an event end in event_rejected and do not affect other records."""

import random
from decimal import Decimal

import pytest

from schemas.codec.avro import Undecodable
from schemas.events import Line, TouchpointIdentified
from schemas.topics import EVENT_REJECTED, TOUCHPOINT_IDENTIFIED
from tests.support.sink_events import touchpoint, uid
from tests.support.sink_store import CODEC, FakeRecord, Store

TOPIC = TOUCHPOINT_IDENTIFIED
CODEC_OF_TOPIC = CODEC.of(TOPIC)


def event(number: int) -> TouchpointIdentified:
    lines = tuple(Line(f"sku-{n}", n + 1, 1_250_000) for n in range(number % 3))
    return touchpoint(
        uid(f"event {number}"),
        f"person {number % 7}",
        "sale",
        "2026-03-01 10:00:00.000001",
        amount="12.345678",
        lines=lines,
        product="Käse",
        reply_partition=number % 2 or None,
        properties='{"note":"grün"}',
    )


def damaged(value: bytes, chance: random.Random) -> bytes:
    """The value truncated, extended, altered, or replaced by random bytes."""
    at = chance.randrange(10, len(value))
    return chance.choice(
        [
            value[:at],
            value + chance.randbytes(chance.randint(1, 20)),
            value[:at] + chance.randbytes(chance.randint(1, 8)) + value[at:],
            value[:at] + bytes([chance.randrange(256)]) + value[at + 1 :],
            value[:10] + chance.randbytes(len(value) - 10),
            chance.randbytes(chance.randint(0, 60)),
        ]
    )


def is_event(value: bytes) -> bool:
    try:
        CODEC_OF_TOPIC.decode(value)
    except Undecodable:
        return False
    return True


@pytest.mark.parametrize("seed", range(4))
def test_damaged_records_do_not_harm_their_neighbours(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    records, whole, readable = [], {}, 0
    for offset in range(3_000):
        value = CODEC_OF_TOPIC.encode(event(offset))
        if chance.random() < 0.5:
            value = damaged(value, chance)
        else:
            whole[offset] = uid(f"event {offset}")
        readable += is_event(value)
        records.append(FakeRecord(TOPIC.name, value, offset))
    rows = store.insert_checked(TOPIC, records)
    assert len(rows.rejects) == len(records) - readable
    found = store.ask("SELECT _offset, event_id FROM touchpoint_identified FINAL WHERE product = 'Käse'")
    assert whole.items() <= dict(found).items()
    assert {rejected.offset for rejected in rows.rejects}.isdisjoint(whole)


def test_all_values_arrive_as_they_were_sent(store: Store) -> None:
    store.put([event(0), event(1), event(2)])
    assert store.ask("""
        SELECT event_id, person_id::String, toString(occurred_at), amount, lines, reply_partition, properties,
            identifiers
        FROM touchpoint_identified ORDER BY _offset
    """) == [
        (
            uid(f"event {n}"),
            uid(f"person {n}"),
            "2026-03-01 10:00:00.000001",
            Decimal("12.345678"),
            [{"sku": f"sku-{line}", "quantity": line + 1, "amount": Decimal("1.25")} for line in range(n)],
            n % 2 or None,
            '{"note":"grün"}',
            [f"customer:person {n}"],
        )
        for n in range(3)
    ]


def test_a_reject_has_the_position_and_the_bytes_of_its_record(store: Store) -> None:
    cut = CODEC_OF_TOPIC.encode(event(1))[:-3]
    records = [FakeRecord(TOPIC.name, cut, 41, 2), FakeRecord(TOPIC.name, b"\xc3\x01noschema", 42, 2)]
    rows = store.insert_checked(TOPIC, records)
    store.put(rows.rejects)
    assert store.ask(
        "SELECT stage, reason, fingerprint, hex(raw), topic, `partition`, `offset`"
        " FROM event_rejected ORDER BY `offset`"
    ) == [
        ("sink", "undecodable", cut[2:10].hex(), cut.hex().upper(), TOPIC.name, 2, 41),
        ("sink", "unknown_schema", b"noschema".hex(), b"\xc3\x01noschema".hex().upper(), TOPIC.name, 2, 42),
    ]
    assert store.insert_checked(TOPIC, records).rejects == rows.rejects


def test_extreme_numbers_are_stored_not_refused(store: Store) -> None:
    """No content of a sound record may make an insert fail: it would stop the sink."""
    extreme = (-(2**63), 2**63 - 1, 0)
    for number, value in enumerate(extreme):
        store.put(
            [
                TouchpointIdentified(
                    event_id=f"event {number}",
                    occurred_at=value,
                    received_at=value,
                    type="sale",
                    source="",
                    primary_identifier="",
                    identifiers=(),
                    amount_micros=value,
                    lines=(Line("", value, value),),
                    person_id="nobody's UUID",
                    currency="EUR",
                )
            ]
        )
    assert store.one("SELECT count() FROM touchpoint_identified FINAL") == len(extreme)


def test_probes_are_not_stored(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("probe"), "p", "probe", "2026-03-01"),
            touchpoint(uid("scan"), "p", "scan", "2026-03-01"),
        ]
    )
    assert store.ask("SELECT type FROM touchpoint_identified") == [("scan",)]


def test_a_long_array_takes_the_slow_way_and_arrives(store: Store) -> None:
    many = touchpoint(
        uid("many"),
        "p",
        "sale",
        "2026-03-01",
        amount="1",
        lines=tuple(Line(str(n), 1, n) for n in range(500)),
    )
    few = touchpoint(uid("few"), "p", "scan", "2026-03-01")
    records = [FakeRecord(TOPIC.name, CODEC_OF_TOPIC.encode(one), offset) for offset, one in enumerate((many, few))]
    assert not store.insert_checked(TOPIC, records).rejects
    assert store.ask("SELECT type, length(lines) FROM touchpoint_identified ORDER BY type") == [
        ("sale", 500),
        ("scan", 0),
    ]


def test_a_broken_reject_is_rejected_with_its_topic(store: Store) -> None:
    assert (
        store.insert_checked(EVENT_REJECTED, [FakeRecord(EVENT_REJECTED.name, b"garbage")]).rejects[0].topic
        == EVENT_REJECTED.name
    )
