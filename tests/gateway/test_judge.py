"""Every event is judged on its own: what is taken is exact, what is not names its field and its reason."""

import json
import time
from typing import Any
from uuid import UUID

import pytest

from gateway.brand import World, build_world
from gateway.incoming import Invalid, split_batch
from gateway.judge import Sender, judge
from gateway.rejects import rejected
from schemas.brand.load import load
from schemas.events import CostReported, Line, StockReported, TouchpointRecorded
from schemas.kinds import FAMILIES, TYPES, types_of
from schemas.topics import COST_REPORTED
from tests.gateway.street import BRAND, IDENTIFIER_KEY, after, page_view, sale

NOW = time.time_ns() // 1000
TILL = Sender("till", TYPES)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(load(BRAND), IDENTIFIER_KEY)


def cost(amount: Any = "1", **fields: Any) -> dict[str, Any]:
    """What a campaign cost on the first of March."""
    return {
        "type": "cost_reported",
        "occurred_at": "2026-03-01T12:00:00Z",
        "campaign": "spring",
        "properties": {"amount": amount},
        **fields,
    }


def taken(event: dict[str, Any] | bytes, world: World, sender: Sender = TILL) -> Any:
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    return judge(raw, sender, world, time.time_ns() // 1000)


def refused(event: dict[str, Any] | bytes, world: World, sender: Sender = TILL) -> tuple[str, str, str]:
    with pytest.raises(Invalid) as error:
        taken(event, world, sender)
    return error.value.reason, error.value.field, error.value.detail


def test_an_event_becomes_a_touchpoint_without_raw_identifiers(world: World) -> None:
    identifiers = [{"type": "device", "value": "d1"}, {"type": "email", "value": " Ann@Corner.Example "}]
    event = taken(page_view(event_id="A-1", identifiers=identifiers, properties={"url": "/tea", "price": 1.10}), world)
    hashed = world.pseudonyms.identifier
    assert event == TouchpointRecorded(
        event_id="A-1", type="page_view", occurred_at=event.occurred_at, received_at=event.received_at, source="till",
        anchor=hashed("email", "ann@corner.example"),
        identifiers=(hashed("device", "d1"), hashed("email", "ann@corner.example")),
        brand="corner", properties='{"url":"/tea","price":1.1}',
    )  # fmt: skip


def test_a_known_tag_fills_in_the_place_where_the_event_says_nothing(world: World) -> None:
    event = taken(page_view(tag="shelf-1", campaign="summer"), world)
    assert (event.store, event.placement, event.zone, event.product) == ("mitte", "shelf", "drinks", "tea")
    assert event.campaign == "summer"
    assert taken(page_view(tag="torn-down", store="closed"), world).store == "closed"


def test_money_is_exact_and_has_fields_of_its_own(world: World) -> None:
    lines = [{"sku": "4006381333931", "quantity": 2, "amount": "0.30"}, {"sku": "tea", "quantity": 1, "amount": 12}]
    event = taken(sale("12.3", properties={"amount": "12.300001", "lines": lines, "till": "t1"}), world)
    assert (event.amount_micros, event.currency) == (12_300_001, "EUR")
    assert event.lines == (Line("4006381333931", 2, 300_000), Line("tea", 1, 12_000_000))
    assert event.properties == '{"till":"t1"}'
    returned = sale(
        type="return", properties={"amount": 0.1, "currency": "USD", "sale_event_id": str(UUID(int=7)).upper()}
    )
    event = taken(returned, world)
    assert (event.amount_micros, event.currency, event.related_event_id) == (100_000, "USD", str(UUID(int=7)))


def test_stock_is_about_no_person(world: World) -> None:
    report = page_view(type="stock_reported", store="mitte", properties={"sku": "tea", "quantity": 0})
    del report["identifiers"]
    event = taken(report, world)
    assert isinstance(event, StockReported)
    assert (event.store, event.sku, event.quantity, event.source) == ("mitte", "tea", 0, "till")


def test_a_cost_is_about_no_person_and_its_place_may_come_from_a_tag(world: World) -> None:
    event = taken(cost("1234.5", event_id="c-1", tag="shelf-1", channel="out of home"), world)
    assert event == CostReported(
        event_id="c-1", occurred_at=1_772_366_400_000_000, campaign="spring", channel="out of home", placement="shelf",
        store="mitte", tag="shelf-1", amount_micros=1_234_500_000, currency="EUR", source="till",
        received_at=event.received_at,
    )  # fmt: skip


def test_a_key_for_costs_sends_nothing_else(world: World) -> None:
    agency = Sender("agency", types_of(("events:costs",)))
    assert taken(cost(), world, agency).source == "agency"
    assert refused(page_view(), world, agency)[:2] == ("forbidden", "type")
    assert refused(cost(), world, Sender("till", types_of(("events:till",))))[:2] == ("forbidden", "type")


def test_statements_share_a_key_when_they_are_of_one_campaign_place_and_day(world: World) -> None:
    def key(**fields: Any) -> str:
        return COST_REPORTED.key(taken(cost(**fields), world))

    assert (
        key()
        == key(occurred_at="2026-03-01T23:59:59.999999Z", amount="9")
        == key(occurred_at="2026-03-02T00:59:59+01:00")
    )
    others = [
        key(occurred_at="2026-03-02T00:00:00Z"), key(campaign="summer"), key(campaign="a/b"),
        key(campaign="a", channel="b"), key(channel="c"), key(placement="c"), key(store="c"), key(tag="c"), key(),
    ]  # fmt: skip
    assert len(set(others)) == len(others)


@pytest.mark.parametrize("given", ["550E8400-E29B-41D4-A716-446655440000", "550e8400e29b41d4a716446655440000"])
def test_a_uuid_has_one_form(world: World, given: str) -> None:
    assert taken(page_view(event_id=given), world).event_id == "550e8400-e29b-41d4-a716-446655440000"


def test_ids_that_only_look_like_numbers_are_kept(world: World) -> None:
    for given in ("pathdata-08271-0130-123646", "sale-20261122-000123", "till-10:16997", "x"):
        assert taken(page_view(event_id=given), world).event_id == given
    assert UUID(taken(page_view(), world).event_id)


def test_a_hashed_identifier_may_be_replayed(world: World) -> None:
    hashed = world.pseudonyms.identifier("phone", "+49 151 12345678")
    again = page_view(
        identifiers=[{"type": "phone", "hash": hashed.partition(":")[2]}, {"type": "badge", "value": "7"}]
    )
    assert taken(again, world).anchor == hashed


def test_no_address_or_number_is_left_in_any_text(world: World) -> None:
    event = taken(
        page_view(
            campaign="for ann@corner.example", channel="+49 151 12345678", store="mitte",
            properties={"note": {"ann@corner.example": ["call 0151 12345678"]}, "mobile": 15112345678, "b": "\\u0040"},
        ),
        world,
    )  # fmt: skip
    text = repr(event)
    for raw in ("ann@", "12345678", "0151"):
        assert raw not in text
    assert json.loads(event.properties)["b"] == "\\u0040"


@pytest.mark.parametrize(
    ("event", "reason", "field"),
    [
        (page_view(type="dance"), "unknown_type", "type"),
        (page_view(type="probe"), "unknown_type", "type"),
        (page_view(type=7), "malformed", "type"),
        (page_view(colour="red"), "malformed", "colour"),
        ({"type": "page_view"}, "malformed", "occurred_at"),
        (page_view(occurred_at="yesterday"), "malformed", "occurred_at"),
        (page_view(occurred_at=1_700_000_000), "malformed", "occurred_at"),
        (page_view(occurred_at="2026-02-30T00:00:00Z"), "malformed", "occurred_at"),
        (page_view(occurred_at="2026-01-01T00:00:00"), "malformed", "occurred_at"),
        (page_view(occurred_at="1999-12-31T23:59:59Z"), "invalid", "occurred_at"),
        (page_view(occurred_at=after("25 hours")), "invalid", "occurred_at"),
        (page_view(identifiers=[]), "invalid", "identifiers"),
        (page_view(identifiers="ann"), "malformed", "identifiers"),
        (page_view(identifiers=[{"type": "customer", "value": "a"}] * 21), "malformed", "identifiers"),
        (page_view(identifiers=[{"type": "shoe", "value": "44"}]), "invalid", "identifiers[0].type"),
        (page_view(identifiers=[{"type": "customer", "value": 7}]), "malformed", "identifiers[0].value"),
        (page_view(identifiers=[{"type": "customer"}]), "invalid", "identifiers[0]"),
        (page_view(identifiers=[{"type": "email", "value": "ann"}]), "invalid", "identifiers[0].value"),
        (page_view(identifiers=[{"type": "email", "hash": "XYZ"}]), "malformed", "identifiers[0].hash"),
        (page_view(event_id="a b"), "invalid", "event_id"),
        (page_view(event_id=""), "invalid", "event_id"),
        (page_view(event_id="a" * 65), "invalid", "event_id"),
        (page_view(event_id="0151-12345678"), "invalid", "event_id"),
        (page_view(event_id="call-015112345678"), "invalid", "event_id"),
        (page_view(store="s" * 201), "malformed", "store"),
        (page_view(campaign="a\u0000b"), "invalid", "campaign"),
        (page_view(properties=[]), "malformed", "properties"),
        (page_view(properties={"a": "x" * 17_000}), "invalid", "properties"),
        (page_view(properties=json.loads('{"a":' * 17 + "1" + "}" * 17)), "invalid", "properties"),
        (sale("-1"), "invalid", "properties.amount"),
        (sale("1.0000001"), "invalid", "properties.amount"),
        (sale("1000000000000"), "invalid", "properties.amount"),
        (sale("1e3"), "invalid", "properties.amount"),
        (sale("١٢"), "invalid", "properties.amount"),
        (sale(True), "invalid", "properties.amount"),
        (sale(properties={}), "malformed", "properties.amount"),
        (sale(properties={"amount": "1", "currency": "euro"}), "invalid", "properties.currency"),
        (sale(properties={"amount": "1", "lines": [{"sku": "tea"}]}), "malformed", "properties.lines[0].quantity"),
        (
            sale(properties={"amount": "1", "lines": [{"sku": "tea", "quantity": 1, "amount": "-1"}]}),
            "invalid", "properties.lines[0].amount",
        ),
        (sale(type="return", properties={"amount": "1", "sale_event_id": 7}), "invalid", "properties.sale_event_id"),
        (page_view(type="stock_reported", properties={"sku": "tea", "quantity": 1}), "invalid", "store"),
        (cost(campaign=""), "invalid", "campaign"),
        (cost(properties={}), "malformed", "properties.amount"),
        (cost("-1"), "invalid", "properties.amount"),
        (cost("0.0000001"), "invalid", "properties.amount"),
        (cost(True), "invalid", "properties.amount"),
        (cost(properties={"amount": "1", "currency": "USD"}), "invalid", "properties.currency"),
        (cost(properties={"amount": "1", "currency": "euro"}), "invalid", "properties.currency"),
        (cost(properties={"amount": "1", "clicks": 3}), "malformed", "properties.clicks"),
        (cost(occurred_at=after("25 hours")), "invalid", "occurred_at"),
        (
            page_view(type="stock_reported", store="mitte", properties={"sku": "tea", "quantity": -1}),
            "malformed", "properties.quantity",
        ),
        (
            page_view(type="stock_reported", store="mitte", properties={"sku": "tea", "quantity": 1, "price": 2}),
            "malformed", "properties.price",
        ),
    ],
)  # fmt: skip
def test_a_bad_event_names_its_field(world: World, event: dict[str, Any], reason: str, field: str) -> None:
    assert refused(event, world)[:2] == (reason, field)


def test_what_json_does_not_allow_is_found(world: World) -> None:
    good = json.dumps(page_view(store="HERE")).encode()
    assert refused(good.replace(b"HERE", b"\xff"), world)[:2] == ("malformed", "store")
    assert refused(good.replace(b"HERE", b"\\ud800"), world)[:2] == ("malformed", "store")
    assert refused(good.replace(b'"HERE"', b"NaN"), world)[:2] == ("malformed", "store")
    endless = b'"","properties":{"a":' + b"9" * 5000 + b"}"
    assert refused(good.replace(b'"HERE"', endless), world)[1].startswith("properties")
    assert refused(b"[" * 5000 + b"]" * 5000, world)[0] in ("malformed", "invalid")
    assert refused(b'{"properties":' + b'{"a":' * 5000 + b"1" + b"}" * 5001, world)[1] == "properties"


def test_a_bad_event_does_not_sink_its_batch_mates(world: World) -> None:
    for bad in (b'{"a":NaN}', b'{"a":"\\ud800"}', b'{"a":"\xff"}', b"7", b"null"):
        events = split_batch(b'{"events":[' + bad + b"," + json.dumps(page_view()).encode() + b"]}")
        refused(events[0], world)
        assert taken(events[1], world).type == "page_view"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"events":{}}', b'{"events":[],"x":1}', b'{"events":[}', b"\xff"])
def test_what_is_no_batch_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Invalid):
        split_batch(body)


def test_a_key_sends_only_its_family(world: World) -> None:
    web = Sender("web", FAMILIES["web"])
    assert refused(sale(), world, web)[:2] == ("forbidden", "type")
    assert taken(page_view(), world, web).source == "web"


def test_a_rejection_keeps_everything_but_who_it_was(world: World) -> None:
    event = page_view(
        event_id="r-1", colour="red", note="ann@corner.example",
        identifiers=[
            {"type": "email", "value": "Ann@Corner.Example"}, {"type": "phone", "value": "0151 12345678"}, "bob",
        ],
        identifers=[{"type": "customer", "value": "secret-77"}],
    )  # fmt: skip
    for raw in (json.dumps(event).encode(), json.dumps(event).replace("@", "\\u0040").encode()[:-1]):
        with pytest.raises(Invalid) as error:
            judge(raw, TILL, world, NOW)
        first, again = (rejected(raw, error.value, world, now) for now in (NOW, NOW + 5))
        assert first.event_id == again.event_id and first.stage == "gateway"
        for secret in (b"nn@", b"orner.E", b"12345678", b"\\u0040"):
            assert secret not in first.raw
    whole = rejected(json.dumps(event).encode(), error.value, world, NOW)
    assert whole.source_event_id == "r-1" and b"secret-77" not in whole.raw and b'"bob"' not in whole.raw
    kept = json.loads(whole.raw)
    email = world.pseudonyms.identifier("email", "ann@corner.example")
    assert kept["identifiers"][0] == {"type": "email", "hash": email.partition(":")[2]}
    assert (kept["colour"], kept["type"]) == ("red", "page_view")


def test_an_event_that_is_too_long_leaves_only_its_beginning(world: World) -> None:
    raw = json.dumps(page_view(properties={"a": ["0151 12345678, "] * 6000})).encode()
    with pytest.raises(Invalid) as error:
        judge(raw, TILL, world, NOW)
    kept = rejected(raw, error.value, world, NOW)
    assert len(kept.raw) < 64 * 1024 and b"12345678" not in kept.raw and b"0151 " not in kept.raw


def known_by(**values: str) -> list[dict[str, str]]:
    return [{"type": kind, "value": value} for kind, value in values.items()]


def test_a_placeholder_beside_an_identifier_is_carried_but_is_nobodys(world: World) -> None:
    event = taken(page_view(identifiers=known_by(customer="NULL", device="d1", email="noreply@corner.example")), world)
    device = world.pseudonyms.identifier("device", "d1")
    assert event.anchor == device
    assert event.identifiers == ("customer:blocked", device, "email:blocked")


@pytest.mark.parametrize(
    ("identifiers", "field"),
    [
        (known_by(customer="undefined"), "identifiers[0].value"),
        (known_by(customer='"null"', phone="000000000"), "identifiers[0].value"),
        (known_by(mac="ff:ff:ff:ff:ff:ff"), "identifiers[0].value"),
    ],
)
def test_an_event_that_is_only_a_placeholders_is_rejected(
    world: World, identifiers: list[dict[str, str]], field: str
) -> None:
    reason, where, detail = refused(page_view(identifiers=identifiers), world)
    assert (reason, where) == ("blocked_value", field) and "placeholder" in detail


def test_a_random_mac_is_somebody_else_tomorrow(world: World) -> None:
    def seen(day: int, mac: str) -> str:
        at = f"2026-06-0{day}T10:00:00Z"
        return str(taken(page_view(occurred_at=at, identifiers=known_by(mac=mac)), world).anchor)

    assert seen(1, "da:a1:19:00:11:22") == seen(1, "DAA119001122") != seen(2, "da:a1:19:00:11:22")
    assert seen(1, "00:1a:2b:00:11:22") == seen(2, "00:1a:2b:00:11:22")


@pytest.mark.parametrize("word", ["identity_linked", "identity_unlinked"])
def test_an_operators_word_is_about_two_identifiers(world: World, word: str) -> None:
    event = taken(page_view(type=word, identifiers=known_by(phone="0151 12345678", customer="C-1")), world)
    assert event.type == word and len(event.identifiers) == 2
    assert event.anchor == world.pseudonyms.identifier("customer", "C-1")
    alike = [*known_by(customer="C-1"), *known_by(customer=" C-1 ")]
    for identifiers in (known_by(customer="C-1"), alike, known_by(customer="C-1", phone="0151 12345678", device="d")):
        assert refused(page_view(type=word, identifiers=identifiers), world) == (
            "invalid", "identifiers", "must be two different ones",
        )  # fmt: skip
    reason, field, _ = refused(page_view(type=word, identifiers=known_by(customer="C-1", email="test@a.de")), world)
    assert (reason, field) == ("blocked_value", "identifiers[1].value")


def test_only_a_key_with_the_scope_may_say_who_is_who(world: World) -> None:
    word = page_view(type="identity_linked", identifiers=known_by(customer="C-1", device="d1"))
    for family, may in (("identity", True), ("crm", False), ("till", False)):
        sender = Sender(family, FAMILIES[family])
        if may:
            assert taken(word, world, sender).source == "identity"
        else:
            assert refused(word, world, sender)[:2] == ("forbidden", "type")


def test_a_class_of_devices_passes_through(world: World) -> None:
    assert taken(page_view(properties={"device_class": "kiosk"}), world).properties == '{"device_class":"kiosk"}'


def test_crm_records_and_receipts_bring_who_and_what(world: World) -> None:
    person = known_by(customer="C-1", email="ann@corner.example", phone="0151 12345678", loyalty="L-9", badge="7")
    contact = taken(page_view(type="crm_contact", identifiers=person, properties={"city": "Jena"}), world)
    assert [one.partition(":")[0] for one in contact.identifiers] == ["customer", "email", "phone", "loyalty", "badge"]
    lines = [{"sku": "tea", "quantity": 2, "amount": "7.80"}]
    bought = taken(sale("7.80", identifiers=person, properties={"amount": "7.80", "lines": lines}), world)
    back = taken(
        sale("3.90", type="return", identifiers=person[:1],
             properties={"amount": "3.90", "sale_event_id": bought.event_id,
                         "lines": [{"sku": "tea", "quantity": 1, "amount": "3.90"}]}), world,
    )  # fmt: skip
    assert bought.anchor == back.anchor == contact.anchor
    assert bought.lines == (Line("tea", 2, 7_800_000),) and back.lines == (Line("tea", 1, 3_900_000),)
    assert back.related_event_id == bought.event_id
