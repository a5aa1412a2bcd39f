"""What tills and operators state of points."""

from typing import Any

import msgspec
import pytest

from gateway.brand.live import BrandView
from schemas.ids import derived
from schemas.points import Stated, stated_of
from tests.support.gateway_process import page_view
from tests.support.validation import validated, validation_error

TO = derived("person", "somebody")


def of(kind: str, **properties: Any) -> dict[str, Any]:
    return page_view(type=kind, properties=properties)


@pytest.mark.parametrize(
    ("kind", "properties", "stated"),
    [
        ("points_spent", {"points": 40}, Stated(points=40)),
        ("points_returned", {"redemption_id": "4915112345678"}, Stated(redemption_id="till/4915112345678")),
        ("points_returned", {"points": 3, "redemption_id": "r"}, Stated(points=3, redemption_id="till/r")),
        ("points_adjusted", {"points": -7, "reason": "a mistake"}, Stated(points=-7, reason="a mistake")),
        ("points_transferred", {"points": 7, "reason": "gift", "to": TO}, Stated(points=7, reason="gift", to=TO)),
    ],
)
def test_what_is_stated_arrives(brand_view: BrandView, kind: str, properties: dict[str, Any], stated: Stated) -> None:
    event = validated(of(kind, **properties), brand_view)
    assert stated_of(event.properties) == stated


def test_other_properties_stay_and_addresses_go(brand_view: BrandView) -> None:
    text = validated(of("points_spent", points=1, note="ann@shop.example", till=4), brand_view).properties
    assert "ann@" not in text
    assert msgspec.json.decode(text)["till"] == 4 and msgspec.json.decode(text)["points"] == 1


@pytest.mark.parametrize(
    ("kind", "properties", "field"),
    [
        ("points_spent", {}, "properties.points"),
        ("points_spent", {"points": 0}, "properties.points"),
        ("points_spent", {"points": -4}, "properties.points"),
        ("points_spent", {"points": 1.5}, "properties.points"),
        ("points_spent", {"points": True}, "properties.points"),
        ("points_spent", {"points": "4"}, "properties.points"),
        ("points_spent", {"points": 10**13}, "properties.points"),
        ("points_returned", {"points": 4}, "properties.redemption_id"),
        ("points_returned", {"redemption_id": "a b"}, "properties.redemption_id"),
        ("points_adjusted", {"points": 4}, "properties.reason"),
        ("points_adjusted", {"points": 0, "reason": "x"}, "properties.points"),
        ("points_adjusted", {"points": 4, "reason": "x" * 201}, "properties.reason"),
        ("points_transferred", {"points": 4, "reason": "x"}, "properties.to"),
        ("points_transferred", {"points": 4, "reason": "x", "to": "me"}, "properties.to"),
    ],
)
def test_what_has_no_meaning_is_refused(
    brand_view: BrandView, kind: str, properties: dict[str, Any], field: str
) -> None:
    assert validation_error(of(kind, **properties), brand_view)[1] == field
