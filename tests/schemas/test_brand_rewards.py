"""Rewards in a brand's files: what could pay without bound is refused with its field and a remedy, and a change of a
rule keeps what was said before."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from schemas.brand.checked import Checked
from schemas.brand.items import build_brand, items_of
from schemas.brand.model import Brand, Campaign, Reward, Tier
from schemas.brand.reward_terms import Anniversary, Caps, Milestone, Multiplier, Streak
from schemas.brand.rule_versions import changes_without_version, with_earlier_rules, without_earlier_rules
from tests.support.brand_files import brand

replace = msgspec.structs.replace
BASE = brand(3)


def rule(**fields: Any) -> Reward:
    return Reward(**{"id": "rule", "version": 1, "on": ("scan",), "points": 7, **fields})


def with_rules(*rules: Reward, **sections: Any) -> Brand:
    return build_brand({**items_of(BASE), "reward": list(rules), **sections})


def faults(one: Reward, **sections: Any) -> list[tuple[str, str]]:
    return [(str(field), why) for field, why in one.mistakes(Checked(with_rules(one, **sections)))]


BOUNDLESS = [
    (rule(trust_at_least=40), "trust_at_least", "a program can scan a code for ever"),
    (rule(on=("consent_given",)), "on", "people can state it again and again"),
    (
        rule(on=("sale",), points=0, points_per_unit=1, public_keys="once_a_day"),
        "points_per_unit",
        "anybody can state any amount",
    ),
    (
        rule(on=("sale",), points=0, points_per_unit=2000, multipliers=(Multiplier(factor=Decimal(100), tier="t"),)),
        "multipliers",
        "make up to 200000 points of a unit",
    ),
]


@pytest.mark.parametrize(("one", "field", "why"), BOUNDLESS)
def test_a_rule_without_bound_is_refused(one: Reward, field: str, why: str) -> None:
    [(where, said)] = faults(one, tier=[Tier(id="t", points=5)])
    assert where == field and why in said


@pytest.mark.parametrize(
    "limit",
    [
        {"once": True},
        {"caps": Caps(day=1)},
        {"streak": Streak(length=3)},
        {"milestone": Milestone(visits=5)},
        {"campaign": "spring"},
    ],
)
@pytest.mark.parametrize("one", [BOUNDLESS[0][0], BOUNDLESS[1][0]])
def test_a_limit_is_a_bound(one: Reward, limit: dict[str, Any]) -> None:
    assert faults(replace(one, **limit), campaign=[Campaign(id="spring", budget_points=100)]) == []


def test_a_campaign_without_a_budget_is_no_bound() -> None:
    assert len(faults(rule(trust_at_least=0, campaign="spring"), campaign=[Campaign(id="spring")])) == 1


def test_demo_and_plain_rules_have_their_bounds() -> None:
    assert faults(rule(on=("sale",), points_per_unit=3)) == faults(rule()) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"streak": Streak(length=1)}, "streak.length"),
        ({"streak": Streak(length=3, grace=4)}, "streak.grace"),
        ({"milestone": Milestone(visits=0)}, "milestone.visits"),
        ({"once": True, "milestone": Milestone(visits=2)}, "once"),
        ({"caps": Caps(day=0)}, "caps.day"),
        ({"caps": Caps(over="reverse")}, "caps"),
        ({"multipliers": (Multiplier(factor=Decimal("NaN"), tier="t"),)}, "multipliers[0].factor"),
        ({"multipliers": (Multiplier(factor=Decimal("1.001"), tier="t"),)}, "multipliers[0].factor"),
        ({"multipliers": (Multiplier(factor=Decimal(2)),)}, "multipliers[0]"),
        ({"multipliers": (Multiplier(factor=Decimal(2), tier="nobody"),)}, "multipliers[0].tier"),
        ({"products": ("nothing",)}, "products[0]"),
        ({"categories": ("nothing",)}, "categories[0]"),
        ({"campaign": "nothing"}, "campaign"),
        ({"coupon": "nothing"}, "coupon"),
        ({"draw": "a b"}, "draw"),
        ({"points": 0}, "points"),
        ({"anniversary": Anniversary()}, "on"),
        ({"on": (), "anniversary": Anniversary(years=0)}, "anniversary.years"),
        ({"on": (), "anniversary": Anniversary(of="nothing")}, "anniversary.of"),
        ({"on": (), "expiring_days": 0}, "expiring_days"),
        ({"on": (), "expiring_days": 3, "once": True}, "once"),
        ({"until": 5}, "earlier"),
    ],
)
def test_terms_without_meaning_are_refused(fields: dict[str, Any], field: str) -> None:
    assert [where for where, _ in faults(rule(**fields), tier=[Tier(id="t", points=5)])] == [field]


def test_tiers_have_one_period_and_points_of_their_own() -> None:
    tiers = [Tier(id="a", points=5), Tier(id="b", points=5, period="rolling_year")]
    checked = Checked(with_rules(rule(), tier=tiers))
    assert [field for tier in tiers for field, _ in tier.mistakes(checked)] == ["period", "points"]


def test_a_changed_rule_keeps_what_it_said() -> None:
    first, second, third = (with_rules(rule(version=number, points=number)) for number in (1, 2, 3))
    live = with_earlier_rules(second, with_earlier_rules(first, None, 5), 10)
    live = with_earlier_rules(third, live, 20)
    [published] = live.rewards
    assert [(one.version, one.points, one.until) for one in (*published.earlier, published)] == [
        (1, 1, 10),
        (2, 2, 20),
        (3, 3, 0),
    ]
    assert with_earlier_rules(third, live, 30) == live, "applying it again changes nothing"
    assert without_earlier_rules(live) == third


def test_a_rule_that_is_gone_ends_and_may_come_back() -> None:
    first, none, again = with_rules(rule()), with_rules(), with_rules(rule(version=2))
    gone = with_earlier_rules(none, first, 10)
    assert [one.until for one in gone.rewards] == [10] and without_earlier_rules(gone) == none
    assert with_earlier_rules(none, gone, 20) == gone
    [back] = with_earlier_rules(again, gone, 30).rewards
    assert (back.until, [one.until for one in back.earlier]) == (0, [10])


def test_what_was_said_before_does_not_count_for_the_version() -> None:
    second = with_rules(rule(version=2))
    live = with_earlier_rules(second, with_rules(rule(), rule(id="gone")), 10)
    assert build_brand(items_of(live)).version == second.version != with_rules(rule()).version


def test_a_change_needs_a_higher_version() -> None:
    before = with_rules(rule(version=2))
    for changed in (rule(version=2, points=8), rule(version=1)):
        [(id, (field, why))] = changes_without_version(with_rules(changed), before)
        assert (id, field) == ("rule", "version") and "count it up to 3" in why
    gone = with_earlier_rules(with_rules(), before, 10)
    assert list(changes_without_version(with_rules(rule(version=2)), gone)), "what ended does not begin anew unseen"
    for same in (rule(version=2), rule(version=3, points=8), rule(id="new")):
        assert not list(changes_without_version(with_rules(same), before))
