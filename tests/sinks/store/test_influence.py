"""What last-click hides: the part of posters, shelves and doors in what was bought, with n and interval."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.events import TouchpointIdentified
from schemas.kinds import OFFLINE
from sinks.store.scripts import views
from tests.oracles.influence import Path, first_offline, influence
from tests.oracles.intervals import wilson
from tests.support.sink_events import moved, touchpoint, uid
from tests.support.sink_store import Store

PERIOD = "lookback_days=90, since='2026-03-01', until='2026-04-01'"
BY = ("channel", "campaign", "placement", "store", "tag", "campaign_placement")


@pytest.mark.parametrize("name", ["influence", "first_offline_touch"])
def test_offline_kinds_in_a_view_are_those_of_the_contract(name: str) -> None:
    (view,) = [view for view in views() if view.stem == name]
    listed = view.sql.split("type IN (")[1].split(")")[0]
    assert {kind.strip().strip("'") for kind in listed.split(",")} == OFFLINE


def poster_then_search(store: Store) -> None:
    """Ann sees the poster and buys after a search, Ben buys after the shelf, Cleo after a search alone, Dora sees the
    poster and has bought nothing yet."""
    store.put(
        [
            touchpoint(uid("1"), "ann", "scan", "2026-03-02", placement="poster", profile="ann"),
            touchpoint(uid("2"), "ann", "ad_click", "2026-03-03", channel="search", profile="ann"),
            touchpoint(uid("3"), "ann", "sale", "2026-03-04", amount="30", profile="ann"),
            touchpoint(uid("4"), "ben", "ad_click", "2026-03-02", channel="search", profile="ben"),
            touchpoint(uid("5"), "ben", "nfc_tap", "2026-03-03", placement="shelf", profile="ben"),
            touchpoint(uid("6"), "ben", "sale", "2026-03-04", amount="12", profile="ben"),
            touchpoint(uid("7"), "cleo", "ad_click", "2026-03-03", channel="search", profile="cleo"),
            touchpoint(uid("8"), "cleo", "sale", "2026-03-04", amount="5", profile="cleo"),
            touchpoint(uid("9"), "dora", "scan", "2026-03-09", placement="poster", profile="dora"),
        ]
    )


def test_a_poster_at_the_start_of_a_path_counts_although_last_click_ignores_it(store: Store) -> None:
    poster_then_search(store)
    columns = "value, paths, conversions, revenue, hidden_conversions, hidden_revenue, n"
    assert store.ask(f"SELECT {columns} FROM influence(by='placement', {PERIOD})") == [
        ("*", 3, 2, Decimal(42), 1, Decimal(30), 3),
        ("poster", 2, 1, Decimal(30), 1, Decimal(30), 3),
        ("shelf", 1, 1, Decimal(12), 0, Decimal(0), 3),
    ]
    assert store.ask(f"SELECT value, conversions, revenue, n FROM first_offline_touch(by='placement', {PERIOD})") == [
        ("poster", 1, Decimal(30), 3),
        ("shelf", 1, Decimal(12), 3),
    ]


def test_merged_people_have_one_path(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("1"), "phone", "scan", "2026-03-02", placement="poster", profile="phone"),
            touchpoint(uid("2"), "card", "ad_click", "2026-03-03", profile="card"),
            touchpoint(uid("3"), "card", "sale", "2026-03-04", amount="30", profile="card"),
        ]
    )
    hidden = f"SELECT hidden_conversions FROM influence(by='placement', {PERIOD}) WHERE value = 'poster'"
    assert store.one(hidden) == 0
    merge = moved("phone", "card", 1)
    store.put([merge])
    assert store.one(hidden) == 1
    store.put([merge])
    assert store.one(hidden) == 1
    store.put([moved("phone", "phone", 2, "split", before="card")])
    assert store.one(hidden) == 0


def test_ratios_of_nothing_are_null_not_zero(store: Store) -> None:
    store.put([touchpoint(uid("1"), "ann", "scan", "2026-03-02", placement="poster")])
    ratios = "share, share_low, share_high, hidden_share, hidden_low, hidden_high, n"
    assert store.ask(f"SELECT {ratios} FROM influence(by='placement', {PERIOD}) WHERE value = 'poster'") == [
        (None, None, None, None, None, None, 0)
    ]
    assert store.ask(f"SELECT * FROM first_offline_touch(by='placement', {PERIOD})") == []


@st.composite
def random_events(draw: st.DrawFn) -> list[TouchpointIdentified]:
    """Some events of few people in any order."""
    start = datetime(2026, 2, 27, tzinfo=UTC)
    kinds = ["ad_click", "scan", "nfc_tap", "event_checkin", "message_clicked", "sale", "sale"]
    return [
        touchpoint(
            uid(f"event {number}"),
            who := draw(st.sampled_from("ABCDEFGH")),
            kind := draw(st.sampled_from(kinds)),
            start + timedelta(hours=draw(st.integers(0, 900))),
            amount=Decimal(draw(st.integers(0, 10_000))) / 100 if kind == "sale" else None,
            profile=who,
            channel=draw(st.sampled_from(["", "", "search"])),
            campaign=draw(st.sampled_from(["", "spring"])),
            placement=draw(st.sampled_from(["", "poster", "shelf"])),
            store=draw(st.sampled_from(["", "mitte"])),
            tag=draw(st.sampled_from(["", "t1"])),
        )
        for number in range(draw(st.integers(1, 60)))
    ]


@given(events=random_events(), by=st.sampled_from(BY))
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_figure_is_that_of_a_count_by_hand(store: Store, events: list[TouchpointIdentified], by: str) -> None:
    store.empty()
    store.put(events)
    columns = "converted, revenue, steps, types"
    paths = [Path(*row) for row in store.ask(f"SELECT {columns} FROM path_in_window(by='{by}', {PERIOD})")]
    n = sum(path.converted for path in paths)
    rows = store.ask(f"SELECT * FROM influence(by='{by}', {PERIOD})")
    wanted = influence(paths)
    assert {row[0] for row in rows} == wanted.keys()
    for value, count, conversions, revenue, hidden, hidden_revenue, *ratios, of in rows:
        part = wanted[value]
        assert (count, conversions, revenue) == (part.paths, part.conversions, part.revenue)
        assert (hidden, hidden_revenue, of) == (part.hidden, part.hidden_revenue, n)
        if n:
            shares = (conversions / n, *wilson(conversions, n), hidden / n, *wilson(hidden, n))
            assert ratios == pytest.approx(shares, abs=1e-9)
    rows = store.ask(f"SELECT * FROM first_offline_touch(by='{by}', {PERIOD})")
    assert {value: (conversions, revenue) for value, conversions, revenue, *_ in rows} == first_offline(paths)
    for _, conversions, _, *ratios, of in rows:
        assert of == n
        assert ratios == pytest.approx((conversions / n, *wilson(conversions, n)), abs=1e-9)
