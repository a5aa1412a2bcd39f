"""Costs and returns of campaigns."""

import json
import math
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from schemas.events import CostReported, Event, ScanRouted
from tests.oracles.intervals import garwood, katz
from tests.oracles.money import CampaignValue, Estimate, byar, campaign_value
from tests.support.sink_events import micros, moved, touchpoint, uid
from tests.support.sink_store import Store

START = datetime(2026, 3, 1, tzinfo=UTC)
PERIOD = "lookback_days=30, since='2026-03-01', until='2026-04-01'"
FIGURES = {
    "roi": ("roi", "roi_low", "roi_high"),
    "per_conversion": ("cost_per_conversion", "cost_per_conversion_low", "cost_per_conversion_high"),
    "incremental": ("incremental_conversions", "incremental_low", "incremental_high"),
    "per_incremental": ("cost_per_incremental_conversion", "cost_per_incremental_low", "cost_per_incremental_high"),
}


def cost(amount: str, at: str | datetime = "2026-03-02", campaign: str = "spring", **place: str) -> CostReported:
    return CostReported(
        event_id=uid(f"{campaign} {sorted(place.items())} {at} {amount}"), campaign=campaign, **place,
        amount_micros=int(Decimal(amount) * 1_000_000), currency="EUR", occurred_at=micros(at),
        received_at=micros(at), source="agency",
    )  # fmt: skip


def bought(who: str, day: float, amount: str, *touches: tuple[str, str]) -> list[Event]:
    """A sale, and scans of a campaign and placement each an hour apart before it."""
    at = START + timedelta(days=day)
    scans = [
        touchpoint(
            uid(f"{who} scans {number}"), who, "scan", at - timedelta(hours=len(touches) - number), profile=who,
            campaign=campaign, placement=placement,
        )
        for number, (campaign, placement) in enumerate(touches)
    ]  # fmt: skip
    return [*scans, touchpoint(uid(f"{who} buys"), who, "sale", at, amount=amount, profile=who)]


def values(store: Store, model: str = "linear") -> dict[tuple[str, str], dict[str, Any]]:
    found = store.client.query(f"SELECT * FROM campaign_value(model='{model}', {PERIOD})")
    return {(row["campaign"], row["placement"]): row for row in found.named_results()}


def test_the_latest_statement_of_a_day_counts_even_when_it_repeats_an_earlier_one(store: Store) -> None:
    asked = "SELECT day::String, campaign, placement, amount FROM cost ORDER BY day, placement"
    first, second = cost("100", placement="poster"), cost("120", at="2026-03-02T23:00", placement="poster")
    others = [cost("7", placement="shelf"), cost("9", at="2026-03-03", placement="poster")]
    rest = [("2026-03-02", "spring", "shelf", Decimal(7)), ("2026-03-03", "spring", "poster", Decimal(9))]
    store.put([first, *others])
    store.put([second])
    assert store.ask(asked) == [("2026-03-02", "spring", "poster", Decimal(120)), *rest]
    store.put([first, *others])
    assert store.ask(asked) == [("2026-03-02", "spring", "poster", Decimal(100)), *rest]
    store.client.command("OPTIMIZE TABLE cost_reported FINAL")
    assert store.ask(asked) == [("2026-03-02", "spring", "poster", Decimal(100)), *rest]


def spring(store: Store) -> list[float]:
    """Three sales, two of them with the campaign, which costs 20 on posters and 10 in no place in particular; returns
    the revenue of the sales."""
    store.put(
        [
            *bought("ann", 3, "60", ("spring", "poster"), ("", "door")),
            *bought("ben", 4, "30", ("spring", "poster"), ("spring", "shelf")),
            *bought("cleo", 5, "6"),
        ]
    )
    store.put(
        [
            cost("20", placement="poster"), cost("10", at="2026-03-31T23:59", channel="print"),
            cost("500", at="2026-02-28", placement="poster"), cost("500", at="2026-04-01", placement="poster"),
            cost("40", campaign="summer", placement="poster"),
        ]
    )  # fmt: skip
    return [60.0, 30.0, 6.0]


def test_costs_and_credits_are_joined_by_campaign_and_placement_and_for_the_whole_campaign(store: Store) -> None:
    sales = spring(store)
    found = values(store)
    money = {key: (float(row["cost"]), row["conversions"], float(row["revenue"])) for key, row in found.items()}
    assert money == {
        ("spring", "*"): (30.0, 1.5, 60.0),
        ("spring", ""): (10.0, 0.0, 0.0),
        ("spring", "poster"): (20.0, 1.0, 45.0),
        ("spring", "shelf"): (0.0, 0.5, 15.0),
        ("summer", "*"): (40.0, 0.0, 0.0),
        ("summer", "poster"): (40.0, 0.0, 0.0),
    }
    assert list(found) == [*money]
    for key, row in found.items():
        near(row, campaign_value(*money[key], sales, (None, None, None)))


def test_sums_do_not_double_and_a_placement_may_be_named_like_the_total(store: Store) -> None:
    spring(store)
    store.put([cost("5", placement="*")])
    figures = f"campaign_figure(model='linear', {PERIOD})"
    sums = "sum(cost), sum(conversions), sum(revenue)"
    parts = store.ask(f"SELECT is_whole, {sums} FROM {figures} GROUP BY is_whole ORDER BY is_whole")
    assert [tuple(map(float, row)) for row in parts] == [(0, 75, 1.5, 60), (1, 75, 1.5, 60)]
    spread = store.ask(f"SELECT is_whole, placement, cost FROM {figures} WHERE campaign = 'spring' AND cost > 0")
    assert spread == [
        (True, "", Decimal(35)), (False, "", Decimal(10)), (False, "*", Decimal(5)), (False, "poster", Decimal(20)),
    ]  # fmt: skip
    whole = store.ask("SELECT campaign, cost, conversions FROM campaign_total ORDER BY campaign")
    assert [(name, float(spent), count) for name, spent, count in whole] == [("spring", 1035, 1.5), ("summer", 40, 0)]


def test_without_costs_roi_is_null_and_without_sales_it_is_minus_one(store: Store) -> None:
    spring(store)
    found = values(store)
    assert found["spring", "shelf"]["roi"] is None
    assert [found["summer", "poster"][name] for name in FIGURES["roi"]] == [-1, None, None]
    assert found["summer", "poster"]["cost_per_conversion"] is None


def test_without_a_hold_out_incremental_figures_are_null(store: Store) -> None:
    spring(store)
    for row in values(store).values():
        assert {row[name] for name in (*FIGURES["incremental"], *FIGURES["per_incremental"])} == {None}


def test_a_model_without_a_run_is_an_error_that_names_the_command(store: Store) -> None:
    with pytest.raises(DatabaseError, match="footpath attribute --model markov_1 --by campaign_placement"):
        values(store, "markov_1")
    with pytest.raises(DatabaseError, match="model must be first"):
        values(store, "best")


def test_money_follows_a_merge_and_a_split(store: Store) -> None:
    store.put(
        [touchpoint(uid("1"), "phone", "scan", "2026-03-02", profile="phone", campaign="spring", placement="poster")]
    )
    store.put(bought("card", 3, "30"))
    store.put([cost("10", placement="poster")])
    assert values(store)["spring", "poster"]["roi"] == -1
    store.put([moved("phone", "card", 1)])
    assert values(store)["spring", "poster"]["roi"] == 2
    store.put([moved("phone", "phone", 2, "split", before="card")])
    assert values(store)["spring", "poster"]["roi"] == -1


def decided(held_out: bool, buyers: int, people: int) -> Iterable[Event]:
    """People with a scan of the poster and its decision; the first ``buyers`` of them buy."""
    for number in range(people):
        who = f"{held_out} {number}"
        events = bought(who, 10, f"{5 + number % 7}", ("spring", "poster"))
        yield from events if number < buyers else events[:1]
        yield ScanRouted(
            event_id=uid(f"{who} is answered"), scan_event_id=events[0].event_id, person_id=uid(who),
            occurred_at=events[0].occurred_at, moment="buy", route="buy", action="redirect", destination="",
            candidates=(), inputs=json.dumps({"held_out": held_out}), brand_version="1",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("answered", "held_out"),
    [((40, 90), (6, 40)), ((12, 90), (4, 30)), ((9, 90), (9, 30)), ((5, 20), (0, 9))],
    ids=["it works", "it may work", "it does harm", "no buyers in the hold-out"],
)
def test_incremental_is_what_the_hold_out_says_would_not_have_happened(
    store: Store, answered: tuple[int, int], held_out: tuple[int, int]
) -> None:
    events = [*decided(False, *answered), *decided(True, *held_out)]
    store.put(event for event in events if not isinstance(event, ScanRouted))
    store.put(event for event in events if isinstance(event, ScanRouted))
    store.put([cost("100", placement="poster")])
    row = values(store)["spring", "poster"]
    ratio: Estimate = (None, None, None)
    if held_out[0]:
        ratio = (answered[0] / answered[1]) / (held_out[0] / held_out[1]), *katz(*answered, *held_out)
    sales = [float(revenue) for (revenue,) in store.ask("SELECT revenue FROM sale")]
    assert row["conversions"] == answered[0] + held_out[0] == len(sales)
    near(row, campaign_value(100.0, row["conversions"], math.fsum(sales), sales, ratio))


def near(row: dict[str, Any], wanted: CampaignValue) -> None:
    for name, columns in FIGURES.items():
        for column, value in zip(columns, getattr(wanted, name), strict=True):
            assert row[column] == (None if value is None else pytest.approx(value, abs=1e-7)), column


def test_the_interval_of_roi_covers_the_truth_as_often_as_it_says() -> None:
    chance = np.random.default_rng(20260301)
    mean_conversions, mean_value, spent, rounds = 40, 25.0, 700.0, 2000
    truth = mean_conversions * mean_value / spent - 1
    covered = 0
    for _ in range(rounds):
        sales = chance.gamma(1.5, mean_value / 1.5, size=chance.poisson(mean_conversions)).tolist()
        _, low, high = campaign_value(spent, len(sales), math.fsum(sales), sales, (None, None, None)).roi
        assert low is not None and high is not None
        covered += low <= truth <= high
    # Its scale is an approximation: a point and a half of a hundred, and four standard deviations of the count.
    assert abs(covered / rounds - 0.95) < 0.015 + 4 * (0.95 * 0.05 / rounds) ** 0.5


@pytest.mark.parametrize("count", [1, 2, 5, 17, 100, 2500])
def test_byars_interval_is_close_to_the_exact_one(count: int) -> None:
    assert byar(count) == pytest.approx(garwood(count), rel=0.015, abs=0.03)


def test_the_order_of_costs_and_duplicates_do_not_matter(store: Store) -> None:
    chance = random.Random(3)
    stated = [cost(str(n), at=START + timedelta(days=n % 5), placement=f"p{n % 3}") for n in range(15)]
    chance.shuffle(stated)
    store.put([*stated, *stated])
    assert store.one("SELECT sum(amount) FROM cost") == sum(range(15))
    assert store.one("SELECT count() FROM cost_reported FINAL") == 15
