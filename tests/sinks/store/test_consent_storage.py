"""What reaches ClickHouse of people who do not allow analytics: rows that count, without person, identifiers and
properties, by both ways of inserting."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from schemas.brand.consent import Consent
from schemas.brand.items import build_brand, events_of, items_of
from schemas.consent.statements import COUNTED_ONLY
from schemas.events import ConsentChanged, Event, ProfileErased, ScanRouted, TouchpointIdentified, TouchpointRecorded
from schemas.ids import person_of
from schemas.topics import BY_EVENT
from tests.support.brand_files import brand
from tests.support.sink_events import micros, moved, touchpoint, uid
from tests.support.sink_store import CODEC, FakeRecord, Store

Put = Callable[[Store, Sequence[Event]], None]
replace = msgspec.structs.replace
NOBODY = "00000000-0000-0000-0000-000000000000"


def unchecked(store: Store, events: Sequence[Event]) -> None:
    store.put(events)


def checked(store: Store, events: Sequence[Event]) -> None:
    topic = BY_EVENT[type(events[0])]
    first = store.offsets.get(topic.name, 0)
    store.offsets[topic.name] = first + len(events)
    records = [FakeRecord(topic.name, CODEC.record(event)[2], first + i) for i, event in enumerate(events)]
    assert not store.insert_checked(topic, records).rejects


@pytest.fixture(params=[unchecked, checked], ids=["unchecked", "checked"])
def put(request: pytest.FixtureRequest) -> Put:
    found: Put = request.param
    return found


def seen(name: str, properties: str) -> TouchpointIdentified:
    one = touchpoint(uid(name), "ann", "sale", "2026-03-01", amount="10")
    return msgspec.structs.replace(
        one,
        source_profile_id=uid("ann"),
        properties=properties,
        primary_identifier="customer:c",
        identifiers=("customer:c",),
        store="mitte",
    )


def recorded(name: str) -> TouchpointRecorded:
    fields = {name: getattr(seen(name, '{"a":1}'), name) for name in TouchpointRecorded.__struct_fields__}
    return TouchpointRecorded(**fields | {"event_id": uid(name)})


def test_a_touchpoint_is_a_count(store: Store, put: Put) -> None:
    put(store, [seen("known", '{"a":1}'), seen("counted", f'{{{COUNTED_ONLY},"a":1}}')])
    columns = "person_id::String, source_profile_id::String, primary_identifier, identifiers, properties, store, amount"
    rows = store.ask(f"SELECT {columns} FROM touchpoint_identified ORDER BY primary_identifier")
    assert [tuple(map(str, row[:5])) for row in rows] == [
        (NOBODY, NOBODY, "", "[]", "{}"), (uid("ann"), uid("ann"), "customer:c", "['customer:c']", '{"a":1}'),
    ]  # fmt: skip
    assert {(row[5], str(row[6])) for row in rows} == {("mitte", "10.000000")}, "amounts and places stay"
    assert store.ask("SELECT person_id::String, sales FROM person") == [(uid("ann"), 1)]
    assert store.one("SELECT sum(revenue) FROM touchpoint") == 20


def test_a_decision_is_a_count(store: Store, put: Put) -> None:
    def routed(name: str, inputs: str) -> ScanRouted:
        return ScanRouted(
            event_id=uid(name), scan_event_id=uid(f"scan-{name}"), person_id=uid("ann"), moment="buy", route="buy",
            action="redirect", destination="https://shop.example", candidates=(), inputs=inputs, brand_version="1",
            occurred_at=micros("2026-03-01"),
        )  # fmt: skip

    put(store, [routed("a", '{"visits":3}'), routed("b", f'{{"visits":3,{COUNTED_ONLY}}}')])
    found = store.ask("SELECT person_id::String, inputs, route FROM scan_routed ORDER BY inputs")
    assert sorted(found) == sorted([(uid("ann"), '{"visits":3}', "buy"), (NOBODY, "{}", "buy")])


def test_what_was_recorded_names_nobody_who_said_anything_of_analytics(store: Store, put: Put) -> None:
    def stored() -> list[tuple[object, ...]]:
        columns = "primary_identifier, identifiers, properties"
        return store.ask(f"SELECT {columns} FROM touchpoint_recorded ORDER BY _offset")

    names = [f"loyalty:{number:x}" for number in range(40)]
    put(store, [recorded("before")])
    said = [
        ConsentChanged(
            event_id=uid(name), occurred_at=micros("2026-03-01"), person_id=uid("ann"), source_event_id="x",
            source_profile_id=person_of(name), purpose="analytics", kind="choice", after="withdrawn",
        )
        for name in ("customer:c", *names)
    ]  # fmt: skip
    put(store, said)
    put(store, [recorded("after"), *(replace(recorded(name), primary_identifier=name) for name in names)])
    put(store, [replace(recorded("stranger"), primary_identifier="customer:d", identifiers=("customer:d",))])
    named, nobody = ("customer:c", ["customer:c"], '{"a":1}'), ("", [], "{}")
    assert stored() == [named, *[nobody] * 41, ("customer:d", ["customer:d"], '{"a":1}')], "others are as they were"


def test_a_brand_with_the_purpose_asks_it(store: Store, put: Put) -> None:
    asks = build_brand({**items_of(brand()), "consent": [Consent(id="analytics", default="opt_in")]})
    put(store, list(events_of(asks, 1, {})))
    put(store, [recorded("after")])
    assert store.ask("SELECT primary_identifier, properties FROM touchpoint_recorded") == [("", "{}")]


def erased(name: str, identifier: str) -> ProfileErased:
    return ProfileErased(
        event_id=uid(f"erased {name}"), occurred_at=micros("2026-03-02"), request_id=uid("r"), person_id=uid(name),
        source_profile_id=uid(name), identifier=identifier,
    )  # fmt: skip


def test_what_comes_of_somebody_erased_is_a_count(store: Store, put: Put) -> None:
    put(store, [erased("ann", "customer:c")])
    put(store, [seen("late", '{"a":1}')])
    put(store, [recorded("late")])
    counted = ("", [], "{}")
    for table in ("touchpoint_identified", "touchpoint_recorded"):
        rows = store.ask(f"SELECT primary_identifier, identifiers, properties, amount FROM {table}")
        assert [(row[:3], str(row[3])) for row in rows] == [(counted, "10.000000")], table
    assert store.ask("SELECT person_id::String, source_profile_id::String FROM touchpoint_identified") == [
        (NOBODY, NOBODY)
    ]


def test_what_only_says_who_somebody_erased_was_is_not_stored(store: Store, put: Put) -> None:
    put(store, [erased("ann", "customer:c")])
    said = ConsentChanged(
        event_id=uid("no"), occurred_at=micros("2026-03-01"), person_id=uid("ann"), source_profile_id=uid("ann"),
        purpose="marketing", kind="choice", after="withdrawn", source_event_id="x",
    )  # fmt: skip
    put(store, [said, replace(said, event_id=uid("bob's"), source_profile_id=uid("bob"))])
    put(store, [moved("ann", "bob", 1), moved("eve", "bob", 1)])
    assert store.ask("SELECT source_profile_id::String FROM consent_changed") == [(uid("bob"),)]
    assert store.ask("SELECT source_profile_id::String FROM identity_changed") == [(uid("eve"),)]
    assert store.ask("SELECT source_profile_id::String FROM identity_override") == [(uid("eve"),)]


def test_a_row_of_somebody_who_lives_does_not_name_whoever_was_erased(store: Store, put: Put) -> None:
    put(store, [erased("eve", "device:e")])
    put(store, [replace(seen("both", '{"a":1}'), identifiers=("customer:c", "device:e", "device:f"))])
    assert store.ask("SELECT identifiers, properties FROM touchpoint_identified") == [
        (["customer:c", "device:f"], '{"a":1}')
    ]
