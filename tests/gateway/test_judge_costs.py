"""What a campaign cost: taken exactly, about nobody, and one statement of a campaign, place and day."""

from typing import Any

import pytest

from gateway.brand import World
from gateway.judge import Sender
from schemas.events import CostReported
from schemas.kinds import types_of
from schemas.topics import COST_REPORTED
from tests.gateway.judging import refused, taken
from tests.gateway.street import after, page_view


def cost(amount: Any = "1", **fields: Any) -> dict[str, Any]:
    """What a campaign cost on the first of March."""
    return {
        "type": "cost_reported",
        "occurred_at": "2026-03-01T12:00:00Z",
        "campaign": "spring",
        "properties": {"amount": amount},
        **fields,
    }


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
def test_a_bad_cost_names_its_field(world: World, event: dict[str, Any], reason: str, field: str) -> None:
    assert refused(event, world)[:2] == (reason, field)
