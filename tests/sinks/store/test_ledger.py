"""The points ledger as analysts see it: balances, lots, what is open and what it costs, and whether it conserves."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import count

import msgspec
import pytest

from schemas.brand.model import Loyalty
from schemas.events import BrandConfigured, RewardPosted
from tests.support.sink_events import micros, moved, uid
from tests.support.sink_store import Store

NUMBERS = count()
SPRING, SUMMER = "2200-03-31", "2200-06-30"


def entry(kind: str, points: int, who: str = "ann", lot: str = "", **fields: object) -> RewardPosted:
    values = {
        "event_id": uid(f"entry {next(NUMBERS)}"),
        "occurred_at": micros("2026-03-01"),
        "person_id": uid(who),
        "source_profile_id": uid(who),
        "kind": kind,
        "points": points,
        "rule": "welcome",
        "rule_version": 1,
        "source_event_id": "till/sale",
        "lot": lot,
        "expires_at": micros(lot) if lot else 0,
    }
    return RewardPosted(**(values | fields))


@pytest.fixture
def ledger(store: Store) -> Iterator[Store]:
    """A month of one person, whose points cost a cent each."""
    loyalty = Loyalty(id="points", zone="Europe/Berlin", cost_per_point=Decimal("0.01"))
    body = msgspec.json.encode(loyalty).decode()
    store.put([BrandConfigured(event_id=uid(body), occurred_at=1, kind="loyalty", id="points", version="1", body=body)])
    store.put(
        [
            entry("earned", 100, lot=SPRING, campaign="spring"),
            entry("earned", 40, lot=SUMMER, active_at=micros("2199-01-01")),
            entry("earned", 7),
            entry("earned", 60, lot="2026-02-28", event_id=uid("old")),
            entry("expired", -50, lot="2026-02-28"),
            entry("reversed", 0, lot="2026-02-28", forgiven=60, reverses_event_id=uid("old")),
            entry("spent", -10, lot="2026-02-28", event_id=uid("spent")),
            entry("spent", -30, lot=SPRING, event_id=uid("more")),
            entry("returned", 5, lot=SPRING, reverses_event_id=uid("more")),
            entry("refused", 0, reason="not_enough"),
            entry("earned", 11, who="bob"),
        ]
    )
    store.put([moved("bob", "ann", 1)])
    yield store


def test_a_balance_says_what_became_of_the_points(ledger: Store) -> None:
    columns = "points, pending, active, earned, reversed, spent_points, expired, forgiven"
    assert ledger.ask(f"SELECT {columns} FROM balance WHERE person_id = '{uid('ann')}'") == [
        (133, 40, 93, 218, 0, 35, 50, 60)
    ]
    assert ledger.one("SELECT count() FROM balance") == 1


def test_a_lot_is_what_expires_together(ledger: Store) -> None:
    assert ledger.ask(
        "SELECT lot, left_points, pending_points, spent_points, expired FROM lot WHERE source_profile_id = "
        f"'{uid('ann')}' ORDER BY lot"
    ) == [("", 7, 0, 0, 0), ("2026-02-28", 0, 0, 10, 50), (SPRING, 75, 0, 25, 0), (SUMMER, 40, 40, 0, 0)]


def test_what_is_open_by_the_month_in_which_it_expires_and_what_it_costs(ledger: Store) -> None:
    """The last moment of March in Berlin is of March, wherever it is April by then."""
    assert ledger.ask("SELECT month, points, cost FROM liability ORDER BY month") == [
        ("", 18, Decimal("0.18")), ("2200-03", 75, Decimal("0.75")), ("2200-06", 40, Decimal("0.40")),
    ]  # fmt: skip
    assert ledger.ask("SELECT campaign, points, cost FROM reward_cost ORDER BY campaign") == [
        ("", 118, Decimal("1.18")), ("spring", 100, Decimal("1.00")),
    ]  # fmt: skip


def test_a_ledger_that_conserves_has_no_findings(ledger: Store) -> None:
    assert ledger.ask("SELECT * FROM ledger_check") == []


@pytest.mark.parametrize(
    ("problem", "wrong"),
    [
        ("lot below zero", [entry("spent", -101, lot=SPRING)]),
        ("lot gave more than it got", [entry("earned", 5, lot=SPRING), entry("expired", -6, lot=SPRING)]),
        ("given back more than was spent", [entry("returned", 31, lot=SPRING, reverses_event_id=uid("more"))]),
        ("reversed more than was earned", [entry("reversed", -61, reverses_event_id=uid("old"))]),
        ("payment without its other half", [entry("repaid", -1, lot=SPRING)]),
        ("transfer without its other half", [entry("transferred", 3, lot=SPRING)]),
        ("refused and moved", [entry("refused", -1, lot=SPRING)]),
    ],
)
def test_what_does_not_conserve_is_found(store: Store, problem: str, wrong: list[RewardPosted]) -> None:
    spent = entry("spent", -30, lot=SUMMER, event_id=uid("more"))
    old = entry("earned", 60, lot=SUMMER, event_id=uid("old"))
    store.put([spent, old, *wrong])
    assert problem in {found for (found,) in store.ask("SELECT problem FROM ledger_check")}
