"""Rewards: rules with an expression."""

from decimal import Decimal

import pytest

from schemas.brand.model import Reward
from tests.support.builders import ANNA, after, build_events, purchase, returned, scan
from tests.support.harness import Harness, balance
from tests.support.reference import reference


def rule(text: str, **fields: object) -> Reward:
    return Reward(id="rule", version=1, **{"on": ("sale", "scan"), "points": 7, **fields}, condition=text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "paid"),
    [
        ("event.amount >= 12.5 && event.currency == 'EUR'", ["sale-1"]),
        ("time.weekday == 'Mo' && time.hour < 12", ["scan-1", "sale-1", "sale-2"]),
        ("time.daypart == 'evening'", []),
        ("tag.placement == 'shelf'", ["scan-1"]),
        ("has(event.amount) ? event.amount < 5.0 : product.category == 'coffee'", ["scan-1", "sale-2"]),
        ("event.trust >= 50", []),
        ("event.trust >= 50 || event.type == 'scan'", ["scan-1"]),
        ("store.country == 'DE' && !time.public_holiday", ["scan-1", "sale-1", "sale-2"]),
        ("behaviour.visits > 0", []),
        ("nobody can read this", []),
    ],
)
def test_a_rule_pays_where_its_expression_holds(rewards: Harness, text: str, paid: list[str]) -> None:
    rewards.reference = reference(rewards=(rule(text),))
    told = rewards.run(*build_events(scan("shelf"), purchase("12.50"), purchase("3.00")))
    assert told == [f"anna +7 rule for {name}" for name in paid]


def test_trust_of_the_event_is_read(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(rule("event.trust >= 50 && !('counter' in event.trust_reasons)"),))
    low, high = scan("shelf", trust=20, trust_reasons=("counter",)), scan("shelf", trust=90)
    assert rewards.run(*build_events(low, high)) == ["anna +7 rule for scan-2"]


def test_a_return_takes_back_what_the_expression_let_the_sale_earn(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(rule("event.amount > 10.0", points=0, points_per_unit=2, on=("sale",)),))
    story = build_events(purchase("12.00"), after("1 day"), returned("12.00", of="sale-1"), purchase("3.00"))
    rewards.run(*story)
    assert balance(rewards, ANNA) == Decimal(0)
