"""Every event is judged on its own: what is taken is exact, what is not names its field and its reason."""

import json
from typing import Any
from uuid import UUID

import pytest

from gateway.brand import World
from gateway.incoming import Invalid, split_batch
from gateway.judge import Sender
from schemas.events import Line, StockReported, TouchpointRecorded
from schemas.kinds import FAMILIES
from tests.gateway.judging import refused, taken
from tests.gateway.street import after, page_view, sale


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


@pytest.mark.parametrize("given", ["550E8400-E29B-41D4-A716-446655440000", "550e8400e29b41d4a716446655440000"])
def test_a_uuid_has_one_form(world: World, given: str) -> None:
    assert taken(page_view(event_id=given), world).event_id == "550e8400-e29b-41d4-a716-446655440000"


def test_ids_that_only_look_like_numbers_are_kept(world: World) -> None:
    for given in ("pathdata-08271-0130-123646", "sale-20261122-000123", "till-10:16997", "x"):
        assert taken(page_view(event_id=given), world).event_id == given
    assert UUID(taken(page_view(), world).event_id)


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


def test_a_class_of_devices_passes_through(world: World) -> None:
    assert taken(page_view(properties={"device_class": "kiosk"}), world).properties == '{"device_class":"kiosk"}'
