"""At equal times a touch comes before a sale: a till's clock often shows whole seconds, and so does a shop's log."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from schemas.events import TouchpointIdentified
from tests.support.sink_events import touchpoint, uid
from tests.support.sink_store import Store

PEOPLE = 20
"""Enough for ids in both orders: half of the clicks have a greater id than the sale."""
ALL_TIME = "lookback_days=90, since='1900-01-01', until='2299-12-31'"
MOMENTS = ("1900-01-02", "1969-12-31T23:59:59.999999", "1970-01-01", "2026-03-01T12:00:00", "2255-06-06", "2299-12-30")


def same_moment(at: str, channel: str = "") -> Iterator[TouchpointIdentified]:
    for number in range(PEOPLE):
        who = f"{at} {number}"
        yield touchpoint(uid(f"{who} buys"), who, "sale", at, amount="10", channel=channel)
        yield touchpoint(uid(f"{who} clicks"), who, "ad_click", at, channel="search")


@pytest.mark.parametrize("model", ["first", "last", "linear", "time_decay", "position"])
def test_a_touch_at_the_time_of_a_sale_is_credited(store: Store, model: str) -> None:
    events = list(same_moment("2026-03-01T12:00:00"))
    for arriving in (events, events[::-1], events):
        store.put(arriving)
        found = store.ask(f"SELECT * FROM attribution(model='{model}', {ALL_TIME})")
        assert found == [("search", PEOPLE, 10.0 * PEOPLE)]
    assert store.ask("SELECT DISTINCT converted, channels FROM path") == [(True, ["search"])]


def test_a_sale_that_is_a_touch_itself_is_the_last_of_its_moment(store: Store) -> None:
    store.put(same_moment("2026-03-01T12:00:00", channel="till"))
    assert store.ask("SELECT DISTINCT channels FROM path") == [(["search", "till"],)]
    assert store.ask(f"SELECT * FROM attribution(model='last', {ALL_TIME})")[0] == ("till", PEOPLE, 10.0 * PEOPLE)


@pytest.mark.parametrize("at", MOMENTS)
def test_every_time_that_the_store_can_hold_is_in_its_place(store: Store, at: str) -> None:
    """Among events of all other times, of the same person."""
    store.put(
        touchpoint(uid(f"{moment} {kind}"), "ann", kind, moment, amount=amount, channel=channel)
        for moment in sorted(MOMENTS, key=uid)
        for kind, amount, channel in (("sale", str(1 + MOMENTS.index(moment)), ""), ("ad_click", None, moment))
    )
    [row] = store.ask(
        f"SELECT channels, revenue, ended_at = touched_at[1] FROM path "
        f"WHERE ended_at = parseDateTime64BestEffort('{at}', 6, 'UTC')"
    )
    assert row == ([at], Decimal(1 + MOMENTS.index(at)), True)
    assert store.ask("SELECT amount FROM sale ORDER BY occurred_at") == [(Decimal(n + 1),) for n in range(len(MOMENTS))]


def test_a_return_far_back_in_time_still_follows_its_sale(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("old"), "ann", "sale", "1950-01-01", amount="5"),
            touchpoint(uid("new"), "ann", "sale", "2026-01-01", amount="7"),
            touchpoint(uid("back"), "ann", "return", "1950-01-02", amount="4"),
        ]
    )
    assert store.ask("SELECT revenue FROM sale ORDER BY occurred_at") == [(Decimal(1),), (Decimal(7),)]
