"""Validation of events: an accepted event is exact, a rejected one names its field and its reason."""

import json
from typing import Any
from uuid import UUID

import pytest

from gateway.brand.live import BrandView
from gateway.events_api.draft import Draft, Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.parse import split_batch
from gateway.events_api.validate import Rules
from schemas.events import Line, StockReported, TouchpointReceived, TouchpointRecorded
from schemas.kinds import FAMILIES
from tests.support.gateway_process import after, page_view, sale
from tests.support.validation import validated, validation_error


def test_an_event_becomes_a_touchpoint_without_raw_identifiers(brand_view: BrandView) -> None:
    identifiers = [{"type": "device", "value": "d1"}, {"type": "email", "value": " Ann@Corner.Example "}]
    event = validated(
        page_view(event_id="A-1", identifiers=identifiers, properties={"url": "/tea", "price": 1.10}), brand_view
    )
    hashed = brand_view.pseudonyms.identifier
    assert event == TouchpointReceived(
        event_id="till/A-1", type="page_view", occurred_at=event.occurred_at, source="till",
        received_at=event.received_at, primary_identifier=hashed("email", "ann@corner.example"),
        identifiers=(hashed("device", "d1"), hashed("email", "ann@corner.example")),
        brand="corner", properties='{"url":"/tea","price":1.1}',
        content=event.content,
    )  # fmt: skip


def test_a_known_tag_fills_in_the_names_that_the_event_leaves_out(brand_view: BrandView) -> None:
    event = validated(page_view(tag="shelf-1", campaign="summer"), brand_view)
    assert (event.store, event.placement, event.zone, event.product) == ("mitte", "shelf", "drinks", "tea")
    assert event.campaign == "summer"
    assert validated(page_view(tag="torn-down", store="closed"), brand_view).store == "closed"


def test_money_is_exact_and_has_fields_of_its_own(brand_view: BrandView) -> None:
    lines = [{"sku": "4006381333931", "quantity": 2, "amount": "0.30"}, {"sku": "tea", "quantity": 1, "amount": 12}]
    event = validated(sale("12.3", properties={"amount": "12.31", "lines": lines, "till": "t1"}), brand_view)
    assert (event.amount_micros, event.currency) == (12_310_000, "EUR")
    assert event.lines == (Line("4006381333931", 2, 300_000), Line("tea", 1, 12_000_000))
    assert event.properties == '{"till":"t1"}'
    returned = sale(
        type="return", properties={"amount": 0.1, "currency": "USD", "sale_event_id": str(UUID(int=7)).upper()}
    )
    event = validated(returned, brand_view)
    assert (event.amount_micros, event.currency, event.related_event_id) == (100_000, "USD", f"till/{UUID(int=7)}")


def test_lines_are_as_tills_write_them(brand_view: BrandView) -> None:
    lines = [
        {"sku": "tea", "quantity": 0.25, "amount": "4.50", "tax": "0.72"},
        {"sku": "cup", "quantity": 2.0, "amount": "9.00"},
        {"sku": "discount", "quantity": 1, "amount": "-1.00"},
        {"sku": "deposit", "quantity": "-1.5", "amount": "-0.15"},
        {"sku": "leaflet", "quantity": 0, "amount": 0},
    ]
    event = validated(sale(properties={"amount": "12.35", "tip": "1.00", "lines": lines}), brand_view)
    assert event.lines == (
        Line("tea", 0, 4_500_000, 250_000),
        Line("cup", 2, 9_000_000),
        Line("discount", 1, -1_000_000),
        Line("deposit", -1, -150_000, -500_000),
        Line("leaflet", 0, 0),
    )
    assert event.properties == '{"tip":"1.00","line_taxes":["0.72",null,null,null,null]}'


@pytest.mark.parametrize(("amount", "micros"), [("-20.00", -20_000_000), ("-0.00", 0), ("0", 0)])
def test_a_receipt_may_pay_out_more_than_it_takes(brand_view: BrandView, amount: str, micros: int) -> None:
    assert validated(sale(amount), brand_view).amount_micros == micros


def test_null_is_absent(brand_view: BrandView) -> None:
    event = validated(sale(store=None, properties={"amount": "9.00", "currency": None, "lines": None}), brand_view)
    assert (event.store, event.currency, event.lines) == ("", "EUR", ())


@pytest.mark.parametrize("type", ["sale", "return"])
@pytest.mark.parametrize(
    "identifiers",
    [[], [{"type": "email", "value": "noreply@shop.example"}], [{"type": "device", "value": "till-7"}]],
)
def test_a_receipt_without_a_person_is_the_stores(
    brand_view: BrandView, type: str, identifiers: list[dict[str, str]]
) -> None:
    properties = {"amount": "9.00", "device_class": "till"}
    event = validated(sale(type=type, identifiers=identifiers, store="mitte", properties=properties), brand_view)
    assert (event.primary_identifier, event.identifiers, event.store) == ("", (), "mitte")


def test_stock_is_about_no_person(brand_view: BrandView) -> None:
    report = page_view(type="stock_reported", store="mitte", properties={"sku": "tea", "quantity": 0})
    del report["identifiers"]
    event = validated(report, brand_view)
    assert isinstance(event, StockReported)
    assert (event.store, event.sku, event.quantity, event.source) == ("mitte", "tea", 0, "till")


@pytest.mark.parametrize(
    ("written", "units"),
    [("-1", 0), ("-0.5", 0), ("-1e400", 0), ("0", 0), ("5.0", 5), ("1e3", 1000), ("1000000000000", 10**12)],
)
def test_stock_is_a_whole_number_and_less_than_none_is_none(brand_view: BrandView, written: str, units: int) -> None:
    report = json.dumps(page_view(type="stock_reported", store="mitte", properties={"sku": "tea", "quantity": "N"}))
    event = validated(report.replace('"N"', written).encode(), brand_view)
    assert isinstance(event, StockReported)
    assert event.quantity == units and type(event.quantity) is int


@pytest.mark.parametrize("written", ['"5"', "true", "null", "5.5", "1e-400", "1e13", "1e400", "[5]"])
def test_stock_that_is_no_number_of_units_is_refused(brand_view: BrandView, written: str) -> None:
    report = json.dumps(page_view(type="stock_reported", store="mitte", properties={"sku": "tea", "quantity": "N"}))
    refused = validation_error(report.replace('"N"', written).encode(), brand_view)
    assert refused[:2] == ("invalid", "properties.quantity")


@pytest.mark.parametrize("given", ["550E8400-E29B-41D4-A716-446655440000", "550e8400e29b41d4a716446655440000"])
def test_a_uuid_has_one_form(brand_view: BrandView, given: str) -> None:
    assert validated(page_view(event_id=given), brand_view).event_id == "till/550e8400-e29b-41d4-a716-446655440000"


def test_ids_that_only_look_like_phone_numbers_are_accepted(brand_view: BrandView) -> None:
    for given in ("pathdata-08271-0130-123646", "sale-20261122-000123", "till-10:16997", "x"):
        assert validated(page_view(event_id=given), brand_view).event_id == f"till/{given}"
    assert UUID(validated(page_view(), brand_view).event_id.removeprefix("till/"))


def test_no_address_or_number_is_left_in_any_text(brand_view: BrandView) -> None:
    event = validated(
        page_view(
            campaign="for ann@corner.example", channel="x＠corner.example", store="mitte", tag="t@corner。example",
            properties={
                "note": {"ann@corner.example": ["call 0151 12345678", "０１５１ １２３４５６７８"]},
                "text": "0151\u200b12345678", "mobile": 15112345678, "phones": [{"home": "0151 12345678"}],
                "b": "\\u0040",
            },
        ),
        brand_view,
    )  # fmt: skip
    text = repr(event)
    for raw in ("ann@", "12345678", "0151", "０１５１", "x＠", "t@"):
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
        (page_view(store="s" * 201), "malformed", "store"),
        (page_view(campaign="a\u0000b"), "invalid", "campaign"),
        (page_view(properties=[]), "malformed", "properties"),
        (page_view(properties={"a": "x" * 17_000}), "invalid", "properties"),
        (page_view(properties=json.loads('{"a":' * 17 + "1" + "}" * 17)), "invalid", "properties"),
        (sale(type="return", properties={"amount": "-1"}), "invalid", "properties.amount"),
        (sale(properties={"amount": "1.001", "currency": "EUR"}), "invalid", "properties.amount"),
        (sale(properties={"amount": "0.5", "currency": "JPY"}), "invalid", "properties.amount"),
        (sale(properties={"amount": "1", "currency": "ZZZ"}), "invalid", "properties.currency"),
        (sale(properties={"amount": "1", "tip": "much"}), "invalid", "properties.tip"),
        (page_view(type="order_placed", properties={"amount": "50.00"}), "invalid", "properties.amount"),
        (sale("1.0000001"), "invalid", "properties.amount"),
        (sale("1000000000000"), "invalid", "properties.amount"),
        (sale("1e3"), "invalid", "properties.amount"),
        (sale("١٢"), "invalid", "properties.amount"),
        (sale(True), "invalid", "properties.amount"),
        (sale(properties={}), "malformed", "properties.amount"),
        (sale(properties={"amount": "1", "currency": "euro"}), "invalid", "properties.currency"),
        (sale(properties={"amount": "1", "lines": [{"sku": "tea"}]}), "malformed", "properties.lines[0].quantity"),
        (
            sale(properties={"amount": "1", "lines": [{"sku": "tea", "quantity": "much", "amount": "1"}]}),
            "invalid", "properties.lines[0].quantity",
        ),
        (sale(type="return", properties={"amount": "1", "sale_event_id": 7}), "invalid", "properties.sale_event_id"),
        (page_view(type="stock_reported", properties={"sku": "tea", "quantity": 1}), "invalid", "store"),
        (page_view(type="stock_reported", store=None, properties={"sku": "tea", "quantity": 1}), "invalid", "store"),
        (
            page_view(type="stock_reported", store="mitte", properties={"sku": "tea"}),
            "malformed", "properties.quantity",
        ),
        (
            page_view(type="stock_reported", store="mitte", properties={"sku": "tea", "quantity": 1, "price": 2}),
            "malformed", "properties.price",
        ),
    ],
)  # fmt: skip
def test_a_bad_event_names_its_field(brand_view: BrandView, event: dict[str, Any], reason: str, field: str) -> None:
    assert validation_error(event, brand_view)[:2] == (reason, field)


def test_a_step_that_raises_rejects_its_event_alone(brand_view: BrandView, monkeypatch: pytest.MonkeyPatch) -> None:
    def divides(draft: Draft) -> None:
        draft.fields["share"] = 1 // len(draft.input.properties)

    monkeypatch.setattr("gateway.events_api.validate.RULES", {"sale": Rules(TouchpointRecorded, (divides,))})
    reason, field, detail = validation_error(sale(properties={}), brand_view)
    assert (reason, field) == ("exception", "")
    assert detail.startswith("ZeroDivisionError in tests.") and "share" not in detail
    validated(page_view(), brand_view)


def test_what_json_does_not_allow_is_found(brand_view: BrandView) -> None:
    good = json.dumps(page_view(store="HERE")).encode()
    assert validation_error(good.replace(b"HERE", b"\xff"), brand_view)[:2] == ("malformed", "store")
    assert validation_error(good.replace(b"HERE", b"\\ud800"), brand_view)[:2] == ("malformed", "store")
    assert validation_error(good.replace(b'"HERE"', b"NaN"), brand_view)[:2] == ("malformed", "store")
    endless = b'"","properties":{"a":' + b"9" * 5000 + b"}"
    assert validation_error(good.replace(b'"HERE"', endless), brand_view)[1].startswith("properties")
    assert validation_error(b"[" * 5000 + b"]" * 5000, brand_view)[0] in ("malformed", "invalid")
    assert validation_error(b'{"properties":' + b'{"a":' * 5000 + b"1" + b"}" * 5001, brand_view)[1] == "properties"


def test_a_bad_event_does_not_affect_the_others_of_its_batch(brand_view: BrandView) -> None:
    for bad in (b'{"a":NaN}', b'{"a":"\\ud800"}', b'{"a":"\xff"}', b"7", b"null"):
        events = split_batch(b'{"events":[' + bad + b"," + json.dumps(page_view()).encode() + b"]}")
        validation_error(events[0], brand_view)
        assert validated(events[1], brand_view).type == "page_view"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"events":{}}', b'{"events":[],"x":1}', b'{"events":[}', b"\xff"])
def test_a_body_that_is_no_batch_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(ValidationError):
        split_batch(body)


def test_a_key_sends_only_the_kinds_of_its_scope(brand_view: BrandView) -> None:
    web = Sender("web", FAMILIES["web"])
    assert validation_error(sale(), brand_view, web)[:2] == ("forbidden", "type")
    assert validated(page_view(), brand_view, web).source == "web"


def test_a_class_of_devices_passes_through(brand_view: BrandView) -> None:
    assert (
        validated(page_view(properties={"device_class": "kiosk"}), brand_view).properties == '{"device_class":"kiosk"}'
    )


def test_properties_are_bounded_in_depth_members_and_size(brand_view: BrandView) -> None:
    deep: Any = {}
    for _ in range(14):
        deep = {"a": deep}
    many = {f"n{number}": number for number in range(499)}
    assert validated(page_view(properties={"a": deep}), brand_view) and validated(
        page_view(properties=many | {"m": [{}]}), brand_view
    )
    for properties, why in (
        ({"a": {"a": deep}}, "are nested more than 16 deep"),
        (many | {"m": [{"a": 1}]}, "have more than 500 members"),
        ({"text": "x" * 17_000}, "are longer than 16384 bytes"),
    ):
        assert validation_error(page_view(properties=properties), brand_view) == ("invalid", "properties", why)
    lines = [{"sku": "tea", "quantity": 1, "amount": "1", "tax": "0"} for _ in range(500)]
    assert validated(sale(properties={"amount": "500", "lines": lines}), brand_view), "a receipt's lines do not count"
