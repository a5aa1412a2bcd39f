"""Views that need no parameters, as a BI tool lists and filters them: stores, sales by local day, credits by day."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from schemas.brand.items import Manifest
from schemas.brand.model import About
from schemas.brand.model import Store as Shop
from schemas.events import BrandConfigured, TouchpointIdentified
from sinks.store.scripts import Script, views
from tests.support.sink_events import micros, moved, touchpoint, uid
from tests.support.sink_store import Store

MODELS = ("first", "last", "last_non_direct", "linear", "time_decay", "position")
ALL_TIME = "lookback_days=90, since='1900-01-01', until='2299-12-31'"
ORDINARY = [view for view in views() if ":String}" not in view.sql and ":UInt8}" not in view.sql]


def configured(kind: str, id: str, body: bytes) -> BrandConfigured:
    return BrandConfigured(
        event_id=uid(f"{kind} {id} {body!r}"), occurred_at=micros("2026-01-01"), kind=kind, id=id, version="1",
        body=body.decode(),
    )  # fmt: skip


def brand(*shops: Shop) -> list[BrandConfigured]:
    about = About(
        id="demo", name="Demo", currency="EUR", country="DE", fallback="https://shop.example",
        destinations=("https://shop.example",),
    )  # fmt: skip
    items = [configured("brand", "demo", msgspec.json.encode(Manifest(about=about, counts={})))]
    return items + [configured("store", shop.id, msgspec.json.encode(shop)) for shop in shops]


BERLIN = Shop(id="berlin", name="Berlin Mitte", time_zone="Europe/Berlin", coordinates=(52.5, 13.4))
LISBON = Shop(id="lisbon", name="Lisboa", time_zone="Europe/Lisbon", country="PT", region="PT-11")
CHATHAM = Shop(id="chatham", name="Chatham", time_zone="Pacific/Chatham", country="NZ")


@pytest.mark.parametrize("view", ORDINARY, ids=lambda view: view.stem)
def test_a_view_without_parameters_can_be_listed_and_browsed(store: Store, view: Script) -> None:
    store.put([touchpoint(uid("sale"), "ann", "sale", "2026-03-02", amount="1")])
    named = store.ask(f"SELECT name FROM system.columns WHERE database = 'footpath' AND table = '{view.stem}'")
    assert named
    rows = store.ask(f"SELECT * FROM {view.stem} LIMIT 5")
    assert {len(row) for row in rows} <= {len(named)}


def test_stores_are_those_of_the_live_brand(store: Store) -> None:
    store.put(brand(BERLIN, LISBON, CHATHAM))
    store.put([configured("store", "chatham", b"")])
    assert store.ask("SELECT * FROM store ORDER BY store") == [
        ("berlin", "Berlin Mitte", "Europe/Berlin", "DE", "", "24/7", 52.5, 13.4),
        ("lisbon", "Lisboa", "Europe/Lisbon", "PT", "PT-11", "24/7", None, None),
    ]


def bought(at: str, amount: str, shop: str, **more: str) -> TouchpointIdentified:
    return touchpoint(uid(f"{at} {shop}"), f"{at} {shop}", "sale", at, amount=amount, store=shop, **more)


def test_days_and_weeks_are_those_of_the_stores_own_zone(store: Store) -> None:
    """The Sunday on which Berlin's clocks go back: one sale before midnight there, one after."""
    store.put(brand(BERLIN, CHATHAM))
    store.put(
        [
            bought("2011-10-30T00:30:00+02:00", "1", "berlin"),
            bought("2011-10-30T23:30:00+01:00", "10", "berlin"),
            bought("2011-10-31T00:30:00+01:00", "100", "berlin"),
            bought("2011-11-06T12:00:00+01:00", "1000", "berlin"),
            bought("2011-10-30T12:00:00+00:00", "7", "chatham"),
            bought("2011-10-30T23:30:00+00:00", "9", "closed long ago"),
        ]
    )
    weeks = "SELECT toMonday(day) AS week, store, sum(sales), sum(revenue) FROM sale_by_day GROUP BY ALL ORDER BY ALL"
    expected = [
        (date(2011, 10, 24), "berlin", 2, Decimal(11)),
        (date(2011, 10, 24), "closed long ago", 1, Decimal(9)),
        (date(2011, 10, 31), "berlin", 2, Decimal(1100)),
        (date(2011, 10, 31), "chatham", 1, Decimal(7)),
    ]
    assert store.ask(weeks) == expected
    by_hand = "toMonday(toDate(toString(occurred_at, time_zone)))"
    joined = (
        f"SELECT {by_hand} AS week, store, count(), sum(revenue) FROM sale INNER JOIN store USING (store) GROUP BY ALL"
    )
    assert sorted(store.ask(joined)) == [row for row in expected if row[1] != "closed long ago"]


def test_sales_without_a_store_are_of_the_zone_that_all_stores_share(store: Store) -> None:
    day = "SELECT day, time_zone FROM sale_by_day"
    store.put([bought("2026-03-01T23:30:00+00:00", "1", "")])
    assert store.ask(day) == [(date(2026, 3, 1), "UTC")]
    store.put(brand(BERLIN))
    assert store.ask(day) == [(date(2026, 3, 2), "Europe/Berlin")]
    store.put(brand(BERLIN, LISBON))
    assert store.ask(day) == [(date(2026, 3, 1), "UTC")]


def test_a_day_counts_its_sales_net_of_what_came_back_later(store: Store) -> None:
    store.put(brand(BERLIN))
    store.put(
        [
            touchpoint(uid("one"), "ann", "sale", "2026-03-02", amount="10", store="berlin", tag="7", channel="till"),
            touchpoint(uid("two"), "ann", "sale", "2026-03-02T10:00", amount="5", store="berlin", channel="till"),
            touchpoint(uid("back"), "ben", "return", "2026-03-09", amount="10", related_event_id=uid("one")),
        ]
    )
    columns = "day, store, channel, currency, sales, returned, buyers, revenue, own_revenue"
    row = (date(2026, 3, 2), "berlin", "till", "EUR", 2, 1, 1, Decimal(5), Decimal(5))
    assert store.ask(f"SELECT {columns} FROM sale_by_day") == [row]
    assert store.ask("SELECT store, tag FROM sale ORDER BY occurred_at") == [("berlin", "7"), ("berlin", "")]


def many(store: Store) -> None:
    """Paths of thirty people over six weeks through stores, tags, campaigns and channels; some merge."""
    draw = random.Random(7)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    events = []
    for number in range(400):
        kind = draw.choice(["scan", "ad_click", "sale", "nfc_tap", "page_view"])
        amount = f"{draw.randrange(1, 500) / 100:.2f}" if kind == "sale" else None
        what = {
            name: draw.choice(values)
            for name, values in {
                "channel": ["", "direct", "search"],
                "campaign": ["", "spring", "summer"],
                "placement": ["", "shelf"],
                "store": ["", "berlin", "lisbon"],
                "tag": ["", "7", "8"],
            }.items()
        }
        at = start + timedelta(hours=draw.randrange(1000))
        events.append(touchpoint(uid(f"event {number}"), f"person {draw.randrange(30)}", kind, at, amount, **what))
    store.put(events)
    store.put(events[:50])
    store.put(moved(f"person {n}", f"person {n + 1}", 1) for n in (3, 9))


def test_credits_by_day_are_those_of_attribution_in_every_dimension(store: Store) -> None:
    many(store)
    for model in MODELS:
        for by in ("channel", "campaign", "placement", "store", "tag"):
            figures_of = f"SELECT {by}, sum(conversions), sum(revenue) FROM attribution_daily WHERE model = '{model}'"
            daily = {value: figures for value, *figures in store.ask(f"{figures_of} GROUP BY {by}")}
            wanted = store.ask(f"SELECT * FROM attribution_by(by='{by}', model='{model}', {ALL_TIME})")
            assert daily.keys() == {value for value, *_ in wanted}
            for value, *figures in wanted:
                assert [float(one) for one in daily[value]] == pytest.approx([float(one) for one in figures], abs=1e-5)


def test_one_query_filters_credits_by_store_campaign_and_week(store: Store) -> None:
    many(store)
    weeks = store.ask(
        "SELECT toMonday(day) AS week, sum(conversions) FROM attribution_daily "
        "WHERE model = 'linear' AND store = 'berlin' AND campaign = 'spring' GROUP BY week"
    )
    assert len(weeks) > 3
    for week, conversions in weeks:
        period = f"lookback_days=90, since='{week}', until='{week + timedelta(days=7)}'"
        paths = store.ask(
            f"SELECT s.steps, c.steps FROM path_in_window(by='store', {period}) AS s "
            f"INNER JOIN path_in_window(by='campaign', {period}) AS c USING (person_id, ended_at) "
            "WHERE s.converted AND c.converted"
        )
        shares = [
            sum(at == "berlin" and of == "spring" for at, of in zip(stores, campaigns, strict=True)) / len(stores)
            for stores, campaigns in paths
        ]
        assert conversions == pytest.approx(sum(shares))


def test_credits_by_day_know_the_store_of_the_sale_and_that_of_the_touch(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("scan"), "ann", "scan", "2026-03-01", store="berlin", placement="shelf"),
            touchpoint(uid("buys"), "ann", "sale", "2026-03-02", store="lisbon", amount="10"),
            touchpoint(uid("untouched"), "ben", "sale", "2026-03-03", store="lisbon", amount="5"),
        ]
    )
    columns = "day, sale_store, channel, store, placement, conversions, revenue"
    assert store.ask(f"SELECT {columns} FROM attribution_daily WHERE model = 'last' ORDER BY day") == [
        (date(2026, 3, 2), "lisbon", "scan", "berlin", "shelf", 1.0, 10.0),
        (date(2026, 3, 3), "lisbon", "direct", "", "", 1.0, 5.0),
    ]
