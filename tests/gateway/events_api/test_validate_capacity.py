"""Validation of capacity: about no person, one key for each store and service, until it expires."""

from typing import Any

import pytest

from gateway.brand.live import BrandView
from gateway.events_api.draft import Sender
from schemas.events import CapacityReported
from schemas.kinds import types_of
from schemas.topics import CAPACITY_REPORTED
from tests.support.gateway_process import page_view
from tests.support.validation import validated, validation_error

NOON = 1_772_366_400_000_000
MINUTE = 60_000_000


def capacity(**properties: Any) -> dict[str, Any]:
    return {
        "type": "capacity_reported",
        "occurred_at": "2026-03-01T12:00:00Z",
        "store": "mitte",
        "properties": {"service": "fitting", **properties},
    }


def test_a_report_holds_until_it_expires_and_by_default_for_a_quarter_of_an_hour(brand_view: BrandView) -> None:
    event = validated({**capacity(free=3, wait_s=60.0), "event_id": "c-1"}, brand_view)
    assert event == CapacityReported(
        event_id="till/c-1", occurred_at=NOON, store="mitte", service="fitting", free=3, wait_s=60,
        expires_at=NOON + 15 * MINUTE, source="till", received_at=event.received_at,
    )  # fmt: skip
    assert CAPACITY_REPORTED.key(event) == "mitte/fitting"
    until = validated(capacity(queue_length=0, expires_at="2026-03-01T13:30:00+01:00"), brand_view)
    assert (until.queue_length, until.expires_at) == (0, NOON + 30 * MINUTE)


def test_sensors_and_tills_report_capacity_and_web_pages_do_not(brand_view: BrandView) -> None:
    for scope in ("events:sensor", "events:till"):
        assert validated(capacity(free=1), brand_view, Sender("camera", types_of((scope,)))).source == "camera"
    web = Sender("web", types_of(("events:web",)))
    assert validated(page_view(), brand_view, web)
    assert validation_error(capacity(free=1), brand_view, web)[:2] == ("forbidden", "type")


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (capacity(), "properties"),
        ({**capacity(free=1), "store": ""}, "store"),
        ({**capacity(free=1), "store": "a/b"}, "store"),
        (capacity(free=1, service=""), "properties.service"),
        (capacity(free=1, service=" "), "properties.service"),
        (capacity(free=1, service="a/b"), "properties.service"),
        (capacity(free="1"), "properties.free"),
        (capacity(free=1.5), "properties.free"),
        (capacity(wait_s=True), "properties.wait_s"),
        (capacity(queue_length=10**30), "properties.queue_length"),
        (capacity(free=1, expires_at="soon"), "properties.expires_at"),
        (capacity(free=1, expires_at="2026-03-01T12:00:00Z"), "properties.expires_at"),
        (capacity(free=1, expires_at="2026-03-02T12:00:01Z"), "properties.expires_at"),
        (capacity(free=1, seats=3), "properties.seats"),
    ],
)
def test_what_is_no_capacity_is_refused_by_its_field(event: dict[str, Any], field: str, brand_view: BrandView) -> None:
    assert validation_error(event, brand_view)[1] == field
