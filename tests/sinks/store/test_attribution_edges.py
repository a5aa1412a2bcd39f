"""Edges of attribution: two purchases after a touch, a touch after a sale, ends of a look-back, the largest amounts."""

from collections.abc import Iterable
from decimal import Decimal

import pytest

from schemas.events import TouchpointIdentified
from tests.support.sink_events import touchpoint, uid
from tests.support.sink_store import Store

PERIOD = "since='2026-03-01', until='2026-05-01'"
LARGEST = Decimal("999999999999.999999")


def click(who: str, at: str, channel: str = "search") -> TouchpointIdentified:
    return touchpoint(uid(f"{who} clicks {at}"), who, "ad_click", at, channel=channel)


def sale(who: str, at: str, amount: str = "10") -> TouchpointIdentified:
    return touchpoint(uid(f"{who} buys {at}"), who, "sale", at, amount=amount)


def credits(store: Store, model: str = "linear", lookback_days: int = 30) -> dict[str, tuple[float, float]]:
    query = f"SELECT * FROM attribution(model='{model}', lookback_days={lookback_days}, {PERIOD})"
    return {channel: (conversions, revenue) for channel, conversions, revenue in store.ask(query)}


def told_twice(store: Store, events: Iterable[TouchpointIdentified]) -> Iterable[None]:
    """Puts the events in, and then once more."""
    events = [*events]
    for _ in range(2):
        store.put(events)
        yield


def test_a_click_counts_for_the_first_of_two_purchases_and_the_second_has_no_touch(store: Store) -> None:
    events = [
        click("ann", "2026-03-02 10:00"),
        sale("ann", "2026-03-02 10:10", "20"),
        sale("ann", "2026-03-02 10:12", "30"),
    ]
    for _ in told_twice(store, events):
        for model in ("first", "last", "last_non_direct", "linear", "time_decay", "position"):
            assert credits(store, model) == {"search": (1.0, 20.0), "direct": (1.0, 30.0)}


def test_a_touch_after_the_sale_gets_nothing_of_it(store: Store) -> None:
    for _ in told_twice(store, [sale("ann", "2026-03-02 10:00"), click("ann", "2026-03-03 10:00")]):
        assert credits(store) == {"direct": (1.0, 10.0)}
        paths = f"SELECT converted, steps FROM path_in_window(by='channel', lookback_days=30, {PERIOD}) ORDER BY 1"
        assert store.ask(paths) == [(False, ["search"]), (True, ["direct"])]


@pytest.mark.parametrize(
    ("bought_at", "channel"),
    [("2026-03-31 23:59:59.999999", "search"), ("2026-04-01", "search"), ("2026-04-01 00:00:00.000001", "direct")],
)
def test_a_touch_is_as_old_as_the_look_back_and_no_older(store: Store, bought_at: str, channel: str) -> None:
    for _ in told_twice(store, [click("ann", "2026-03-02"), sale("ann", bought_at)]):
        assert credits(store, lookback_days=30) == {channel: (1.0, 10.0)}
        assert credits(store, lookback_days=31) == {"search": (1.0, 10.0)}


def test_the_largest_amounts_add_up_to_the_millionth(store: Store) -> None:
    days = range(2, 22)
    for _ in told_twice(store, (sale("ann", f"2026-03-{day:02}", str(LARGEST)) for day in days)):
        total = LARGEST * len(days)
        assert store.one("SELECT sum(revenue) FROM sale") == total
        assert store.one("SELECT revenue FROM person") == total
        assert store.one("SELECT value FROM customer_value") == total
        assert store.one("SELECT sum(amount) FROM purchase") == total
        conversions, revenue = credits(store)["direct"]
        assert (conversions, float(revenue)) == (20.0, pytest.approx(float(total)))
