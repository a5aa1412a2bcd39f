"""Validation of a position that a person shares: rounded, and left out where it is none."""

import json
from typing import Any

import pytest

from gateway.brand.live import BrandView
from tests.support.gateway_process import page_view
from tests.support.validation import validated, warnings


def sent(brand_view: BrandView, **properties: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    event = {**page_view(), "properties": properties}
    return json.loads(validated(event, brand_view).properties), warnings(event, brand_view)


def test_a_position_is_rounded_to_a_thousandth_of_a_degree(brand_view: BrandView) -> None:
    assert sent(brand_view, latitude=52.5208317, longitude=-13.4094019, page="a") == (
        {"latitude": 52.521, "longitude": -13.409, "page": "a"},
        (),
    )
    assert sent(brand_view, latitude=90, longitude=-180)[0] == {"latitude": 90.0, "longitude": -180.0}


@pytest.mark.parametrize(
    "properties",
    [
        {"latitude": 52.5},
        {"longitude": 52.5},
        {"latitude": "52.5", "longitude": 13},
        {"latitude": 90.0001, "longitude": 13},
        {"latitude": 5, "longitude": 1e300},
        {"latitude": True, "longitude": None},
        {"latitude": [52.5], "longitude": {"a": 1}},
        {"latitude": 10**400, "longitude": 1},
    ],
)
def test_what_is_no_position_is_left_out_with_a_warning(brand_view: BrandView, properties: dict[str, Any]) -> None:
    left, told = sent(brand_view, **properties, page="a")
    assert left == {"page": "a"}
    assert ["properties.latitude" in warning for warning in told] == [True]
