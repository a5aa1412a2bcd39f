"""People with decisions compared with people in the hold-out, with intervals."""

import json
import math
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from processors.context.core import step
from processors.context.holdout import is_held_out
from processors.reference import Reference
from processors.step import Emit
from schemas.brand.model import Holdout
from schemas.events import Candidate, Event, ScanRouted
from tests.oracles.intervals import katz, newcombe, welch, wilson
from tests.support.reference import reference, route
from tests.support.sink_events import micros, moved, touchpoint, uid
from tests.support.sink_store import Store

START = datetime(2026, 3, 1, tzinfo=UTC)
PERIOD = "since='2026-03-01', until='2026-04-01', horizon_days=28"
COUNTS = "answered_people, held_out_people, mixed_people, answered_buyers, held_out_buyers"


def decided(who: str, held_out: bool | None, at: datetime, name: str = "") -> tuple[Event, Event]:
    """A scan and its decision; ``held_out`` is None when the brand had no hold-out."""
    scan_id = uid(f"{name or who} scans")
    inputs: dict[str, Any] = {"type": "scan"} if held_out is None else {"type": "scan", "held_out": held_out}
    return (
        touchpoint(scan_id, who, "scan", at, profile=who, tag="shelf"),
        ScanRouted(
            event_id=uid(f"{name or who} is answered"), scan_event_id=scan_id, person_id=uid(who),
            occurred_at=micros(at), moment="buy", route="fallback" if held_out else "buy", action="redirect",
            destination="https://shop.example", inputs=json.dumps(inputs), brand_version="1",
            candidates=(Candidate("tea", 2, "category is coffee"), Candidate("buy", 1, "held_out" if held_out else "")),
        ),
    )  # fmt: skip


def bought(who: str, at: datetime, amount: str = "10", name: str = "") -> Event:
    return touchpoint(uid(f"{name or who} buys"), who, "sale", at, amount=amount, profile=who)


def put(store: Store, *stories: Iterable[Event]) -> None:
    events = [event for story in stories for event in story]
    store.put(event for event in events if not isinstance(event, ScanRouted))
    store.put(event for event in events if isinstance(event, ScanRouted))


def days(count: float) -> datetime:
    return START + timedelta(days=count)


def test_a_buyer_bought_at_or_after_the_first_decision_and_within_the_horizon(store: Store) -> None:
    stories = [
        [*decided("ann", False, days(0)), bought("ann", days(28))],
        [*decided("ben", False, days(0)), bought("ben", days(28.001))],
        [bought("cleo", days(0.999)), *decided("cleo", True, days(1))],
        [bought("same moment", days(2)), *decided("same moment", True, days(2))],
        [*decided("dora", True, days(1)), *decided("dora", True, days(20), "dora again"), bought("dora", days(28.5))],
        [*decided("early", True, days(-0.001)), bought("early", days(1))],
        [*decided("late", True, days(31)), bought("late", days(32))],
        [*decided("before there was a hold-out", None, days(2)), bought("before there was a hold-out", days(3))],
    ]
    put(store, *stories)
    assert store.ask(f"SELECT {COUNTS} FROM uplift({PERIOD})") == [(2, 3, 0, 1, 2)]
    put(store, *stories)
    assert store.ask(f"SELECT {COUNTS} FROM uplift({PERIOD})") == [(2, 3, 0, 1, 2)]


def test_people_in_both_groups_are_left_out_and_counted(store: Store) -> None:
    put(
        store,
        [*decided("ann", False, days(0)), bought("ann", days(1))],
        [*decided("ben", True, days(0)), bought("ben", days(1))],
        [*decided("cleo", True, days(0)), *decided("cleo", False, days(3), "cleo again"), bought("cleo", days(4))],
    )
    assert store.ask(f"SELECT {COUNTS} FROM uplift({PERIOD})") == [(1, 1, 1, 1, 1)]
    store.put([moved("ann", "ben", 1)])
    assert store.ask(f"SELECT {COUNTS} FROM uplift({PERIOD})") == [(0, 0, 2, 0, 0)]
    store.put([moved("ann", "ann", 2, "split", before="ben")])
    assert store.ask(f"SELECT {COUNTS} FROM uplift({PERIOD})") == [(1, 1, 1, 1, 1)]


def test_a_decision_says_which_route_was_withheld(store: Store) -> None:
    put(store, decided("ann", False, days(0)), decided("ben", True, days(0)), decided("cleo", None, days(0)))
    columns = "person_id::String, held_out, route, withheld_route"
    assert sorted(store.ask(f"SELECT {columns} FROM holdout")) == sorted(
        [(uid("ann"), False, "buy", ""), (uid("ben"), True, "fallback", "buy")]
    )


def test_the_store_reads_the_decisions_that_context_writes(store: Store) -> None:
    where = reference(route("buy"))
    about = msgspec.structs.replace(where.brand.about, holdout=Holdout(share=0.5, salt="2026"))
    where = Reference(msgspec.structs.replace(where.brand, about=about))
    scans = [
        touchpoint(uid(f"scan {n}"), f"person {n}", "scan", days(0), profile=f"person {n}", tag="shelf")
        for n in range(12)
    ]
    answers = [effect.event for scan in scans for effect in step(None, scan, where).effects if isinstance(effect, Emit)]
    put(store, scans, answers)
    found = store.ask("SELECT person_id::String, held_out, withheld_route FROM holdout")
    drawn = {scan.person_id: is_held_out(scan.person_id, about.holdout) for scan in scans}
    assert {who: held_out for who, held_out, _ in found} == drawn and len(set(drawn.values())) == 2
    assert {(held_out, withheld) for _, held_out, withheld in found} == {(True, "buy"), (False, "")}


def test_without_a_hold_out_figures_are_null_and_never_zero(store: Store) -> None:
    put(store, [*decided("ann", None, days(0)), bought("ann", days(1))])
    ((*counts, rest),) = ((*row[:5], row[5:]) for row in store.ask(f"SELECT * FROM uplift({PERIOD})"))
    assert counts == [0, 0, 0, 0, 0]
    assert set(rest) == {None}


def test_before_anybody_bought_rates_are_zero_and_what_cannot_be_computed_is_null(store: Store) -> None:
    """Also where all spent the same, or where amounts are so large that their differences drown in rounding."""
    people = [
        decided(f"{group} {n}", group == "held out", days(0)) for group in ("answered", "held out") for n in (0, 1)
    ]
    put(store, *people)
    columns = "answered_rate, difference, lift, revenue_difference, revenue_difference_low"
    assert store.ask(f"SELECT {columns} FROM uplift({PERIOD})") == [(0.0, 0.0, None, 0.0, None)]
    value = "campaign_value(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01')"
    assert store.ask(f"SELECT * FROM {value}") == []
    put(store, [bought(f"{group} {n}", days(1), "10") for group in ("answered", "held out") for n in (0, 1)])
    assert store.ask(f"SELECT {columns} FROM uplift({PERIOD})") == [(1.0, 0.0, 0.0, 0.0, None)]
    for group, cents in (("answered", 0), ("held out", 2)):
        put(store, [bought(f"{group} {n}", days(2), f"90000000000.0{n + cents}", f"large {group} {n}") for n in (0, 1)])
    (difference, low, high) = store.ask(
        f"SELECT revenue_difference, revenue_difference_low, revenue_difference_high FROM uplift({PERIOD})"
    )[0]
    assert difference == pytest.approx(-0.02, abs=1e-4) and low < difference < high


def group(name: str, held_out: bool, people: int, amounts: list[str], at: datetime) -> list[Event]:
    """People of whom one bought for each of the amounts."""
    events: list[Event] = []
    for number in range(people):
        who = f"{name} {number}"
        events += decided(who, held_out, at)
        if number < len(amounts):
            events.append(bought(who, at + timedelta(hours=1), amounts[number]))
    return events


# The first two are examples (a) and (b) of Newcombe 1998, table II, with his limits for method 10.
CASES = [
    (56, 70, 48, 80, (0.0524, 0.3339)),
    (9, 10, 3, 10, (0.1705, 0.8090)),
    (0, 5, 2, 7, None),
    (3, 40, 0, 9, None),
    (12, 12, 6, 6, None),
    (7, 31, 1, 2, None),
    (1, 1, 1, 1, None),
]


def test_every_interval_is_that_of_its_published_method(store: Store) -> None:
    chance = random.Random(5)
    events: list[list[Event]] = []
    spent: list[tuple[list[float], list[float]]] = []
    for number, (buyers, people, others, held_out, _) in enumerate(CASES):
        amounts = [[f"{chance.randint(100, 9000) / 100:.2f}" for _ in range(count)] for count in (buyers, others)]
        at = days(number)
        events.append(group(f"answered {number}", False, people, amounts[0], at))
        events.append(group(f"held out {number}", True, held_out, amounts[1], at))
        both = f"both {number}"
        events.append([*decided(both, False, at), *decided(both, True, at, f"{both} again")])
        events.append([bought(both, at + timedelta(hours=1), "5000")])
        spent.append(
            (
                [float(amount) for amount in amounts[0]] + [0.0] * (people - buyers),
                [float(amount) for amount in amounts[1]] + [0.0] * (held_out - others),
            )
        )
    put(store, *events)
    for number, (buyers, people, others, held_out, published) in enumerate(CASES):
        since, until = days(number), days(number + 1)
        result = store.client.query(f"SELECT * FROM uplift(since='{since:%F}', until='{until:%F}', horizon_days=1)")
        (row,) = result.named_results()
        assert (row["answered_people"], row["held_out_people"], row["mixed_people"]) == (people, held_out, 1)
        assert (row["answered_buyers"], row["held_out_buyers"]) == (buyers, others)
        rates = buyers / people, others / held_out
        near(row, "answered_rate", "answered", rates[0], wilson(buyers, people))
        near(row, "held_out_rate", "held_out", rates[1], wilson(others, held_out))
        near(row, "difference", "difference", rates[0] - rates[1], newcombe(buyers, people, others, held_out))
        if published:
            assert (round(row["difference_low"], 4), round(row["difference_high"], 4)) == published
        if buyers and others:
            low, high = katz(buyers, people, others, held_out)
            near(row, "lift", "lift", rates[0] / rates[1] - 1, (low - 1, high - 1))
        else:
            assert row["lift"] is row["lift_low"] is row["lift_high"] is None
        means = [math.fsum(values) / len(values) for values in spent[number]]
        assert (row["answered_revenue"], row["held_out_revenue"]) == pytest.approx(means)
        if min(people, held_out) > 1:
            near(row, "revenue_difference", "revenue_difference", means[0] - means[1], welch(*spent[number]))
        else:
            assert row["revenue_difference_low"] is row["revenue_difference_high"] is None


def near(row: dict[str, Any], name: str, bounds: str, value: float, interval: tuple[float, float]) -> None:
    found = row[name], row[f"{bounds}_low"], row[f"{bounds}_high"]
    assert found == pytest.approx((value, *interval), abs=1e-7), name


def test_revenue_is_net_of_returns(store: Store) -> None:
    back = touchpoint(
        uid("back"), "ann", "return", days(9), amount="4", profile="ann", related_event_id=uid("ann buys")
    )
    put(store, [*decided("ann", False, days(0)), bought("ann", days(1)), back], decided("ben", True, days(0)))
    found = store.ask(f"SELECT answered_revenue, held_out_revenue, revenue_difference FROM uplift({PERIOD})")
    assert found == [(6.0, 0.0, 6.0)]
    assert store.one("SELECT sum(revenue) FROM sale") == Decimal(6)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    chance = random.Random(20260301)
    truth, people, held_out, rounds = (0.12, 0.09), 900, 120, 1000
    covered = {"difference": 0, "ratio": 0}
    for _ in range(rounds):
        a = sum(chance.random() < truth[0] for _ in range(people))
        b = max(1, sum(chance.random() < truth[1] for _ in range(held_out)))
        low, high = newcombe(a, people, b, held_out)
        covered["difference"] += low <= truth[0] - truth[1] <= high
        low, high = katz(a, people, b, held_out)
        covered["ratio"] += low <= truth[0] / truth[1] <= high
    # Four standard deviations of a count of 1000 with 95 % each.
    for name, count in covered.items():
        assert abs(count / rounds - 0.95) < 4 * (0.95 * 0.05 / rounds) ** 0.5, name
