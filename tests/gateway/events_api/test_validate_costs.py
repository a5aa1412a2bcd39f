"""Validation of costs: exact amounts, no person, one key for each campaign, place and day."""

from typing import Any

import pytest

from gateway.brand.live import BrandView
from gateway.events_api.draft import Sender
from schemas.events import CostReported
from schemas.kinds import types_of
from schemas.topics import COST_REPORTED
from tests.support.gateway_process import after, page_view
from tests.support.validation import validated, validation_error


def cost(amount: Any = "1", **fields: Any) -> dict[str, Any]:
    """A campaign's cost on the first of March."""
    return {
        "type": "cost_reported",
        "occurred_at": "2026-03-01T12:00:00Z",
        "campaign": "spring",
        "properties": {"amount": amount},
        **fields,
    }


def test_a_cost_is_about_no_person_and_its_place_may_come_from_a_tag(brand_view: BrandView) -> None:
    event = validated(cost("1234.5", event_id="c-1", tag="shelf-1", channel="out of home"), brand_view)
    assert event == CostReported(
        event_id="till/c-1", occurred_at=1_772_366_400_000_000, campaign="spring", channel="out of home",
        placement="shelf", store="mitte", tag="shelf-1", amount_micros=1_234_500_000, currency="EUR", source="till",
        received_at=event.received_at,
    )  # fmt: skip


def test_a_key_for_costs_sends_nothing_else(brand_view: BrandView) -> None:
    agency = Sender("agency", types_of(("events:costs",)))
    assert validated(cost(), brand_view, agency).source == "agency"
    assert validation_error(page_view(), brand_view, agency)[:2] == ("forbidden", "type")
    assert validation_error(cost(), brand_view, Sender("till", types_of(("events:till",))))[:2] == ("forbidden", "type")


def test_statements_share_a_key_when_they_are_of_one_campaign_place_and_day(brand_view: BrandView) -> None:
    def key(**fields: Any) -> str:
        return COST_REPORTED.key(validated(cost(**fields), brand_view))

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


@pytest.mark.parametrize(
    ("event", "reason", "field"),
    [
        (cost(campaign=""), "invalid", "campaign"),
        (cost(properties={}), "malformed", "properties.amount"),
        (cost("-1"), "invalid", "properties.amount"),
        (cost("0.0000001"), "invalid", "properties.amount"),
        (cost(True), "invalid", "properties.amount"),
        (cost(properties={"amount": "1", "currency": "USD"}), "invalid", "properties.currency"),
        (cost(properties={"amount": "1", "currency": "euro"}), "invalid", "properties.currency"),
        (cost(properties={"amount": "1", "clicks": 3}), "malformed", "properties.clicks"),
        (cost(occurred_at=after("25 hours")), "invalid", "occurred_at"),
    ],
)
def test_a_bad_cost_names_its_field(brand_view: BrandView, event: dict[str, Any], reason: str, field: str) -> None:
    assert validation_error(event, brand_view)[:2] == (reason, field)
