"""Of several errors the first one in the documented order is reported, and every kind has its rules."""

import json
from typing import Any

from gateway.brand.live import BrandView
from gateway.events_api.draft import Sender
from gateway.events_api.validate import RULES
from schemas.kinds import FAMILIES, TYPES
from tests.support.gateway_process import page_view
from tests.support.validation import validation_error

WEB = Sender("web", FAMILIES["web"])
ERRORS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # What each line breaks is repaired from the next line on, so that exactly one error comes before all that follow.
    ("colour", {"colour": "red"}, {}),
    ("type", {"type": "dance"}, {"type": "return"}),
    ("event_id", {"event_id": "a b"}, {"event_id": "a"}),
    ("occurred_at", {"occurred_at": "1999-12-31T23:59:59Z"}, {"occurred_at": "2026-01-01T00:00:00Z"}),
    ("campaign", {"campaign": "a\u0001"}, {"campaign": "a"}),
    (
        "identifiers[0].type",
        {"identifiers": [{"type": "shoe", "value": "44"}]},
        {"identifiers": [{"type": "customer", "value": "ann"}]},
    ),
]
IN_PROPERTIES: list[tuple[str, Any, Any]] = [
    ("amount", "-1", "1"),
    ("currency", "euro", "EUR"),
    ("lines", [{}] * 501, []),
    ("sale_event_id", "a b", "a"),
]


def test_errors_are_reported_in_their_order(brand_view: BrandView) -> None:
    properties = {name: wrong for name, wrong, _ in IN_PROPERTIES} | {"text": "x" * 17_000}
    event = page_view(properties=properties)
    for _, wrong, _ in reversed(ERRORS):
        event |= wrong
    for field, _, right in ERRORS:
        assert validation_error(event, brand_view)[1] == field
        event.pop("colour", None)
        event |= right
    for name, _, right in IN_PROPERTIES:
        assert validation_error(event, brand_view)[1] == f"properties.{name}"
        properties[name] = right
    assert validation_error(event, brand_view)[1] == "properties"


def test_the_scope_of_the_key_comes_before_the_values(brand_view: BrandView) -> None:
    event = page_view(type="sale", event_id="a b", occurred_at="1999-12-31T23:59:59Z")
    assert validation_error(event, brand_view, WEB)[:2] == ("forbidden", "type")


def test_deep_properties_come_before_names(brand_view: BrandView) -> None:
    event = page_view(campaign="a\u0001", properties=json.loads('{"a":' * 17 + "1" + "}" * 17))
    assert validation_error(event, brand_view)[1] == "properties"


def test_only_kinds_that_exist_have_rules_of_their_own() -> None:
    assert RULES.keys() <= TYPES
