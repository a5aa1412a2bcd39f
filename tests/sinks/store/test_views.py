"""What analysts see: one row per event, the current person, the brand's channels."""

from decimal import Decimal

import msgspec
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from schemas.brand.items import Manifest
from schemas.brand.model import About, Channel
from schemas.events import BrandConfigured, RewardPosted
from tests.support.sink_events import micros, moved, touchpoint, uid
from tests.support.sink_store import Store


def brand(channels: tuple[Channel, ...], at: str = "2026-01-01") -> BrandConfigured:
    about = About(
        id="demo",
        name="Demo",
        currency="EUR",
        country="DE",
        fallback="https://shop.example",
        destinations=("https://shop.example",),
        touch_types=("scan", "page_view"),
        channels=channels,
    )
    body = msgspec.json.encode(Manifest(about=about, counts={})).decode()
    return BrandConfigured(event_id=uid(body), occurred_at=micros(at), kind="brand", id="demo", version="1", body=body)


def test_of_two_contents_of_one_event_the_first_written_counts(store: Store) -> None:
    first = touchpoint(uid("scan"), "ann", "scan", "2026-03-01", store="berlin")
    second = touchpoint(uid("scan"), "bob", "nfc_tap", "2026-03-02", store="lisbon")
    store.put([first])
    store.put([second, first])
    seen = "SELECT person_id::String, type, store FROM touchpoint"
    assert store.ask(seen) == [(uid("ann"), "scan", "berlin")]
    store.client.command("OPTIMIZE TABLE touchpoint_identified FINAL")
    assert store.ask(seen) == [(uid("ann"), "scan", "berlin")]


@pytest.mark.parametrize("length", [1, 2, 3, 40])
def test_a_chain_of_merges_leads_to_the_last_person(store: Store, length: int) -> None:
    store.put(touchpoint(uid(f"scan {n}"), f"person {n}", "scan", "2026-03-01") for n in range(length + 1))
    merges = [(n, step) for step in range(1, length + 1) for n in range(step)]
    store.put(moved(f"person {n}", f"person {step}", step) for n, step in reversed(merges))
    assert store.ask("SELECT DISTINCT person_id::String FROM touchpoint") == [(uid(f"person {length}"),)]
    assert store.ask("SELECT touchpoints FROM person") == [(length + 1,)]


def test_points_follow_a_merge(store: Store) -> None:
    def posted(name: str, person: str, points: int) -> RewardPosted:
        return RewardPosted(
            event_id=uid(name),
            occurred_at=micros("2026-03-01"),
            person_id=uid(person),
            kind="earned" if points > 0 else "reversed",
            points=points,
            rule="welcome",
            rule_version=1,
            source_event_id=uid("scan"),
        )

    entries = [posted("first", "ann", 10), posted("second", "bob", 5), posted("third", "bob", -5)]
    store.put([*entries, entries[0]])
    store.put([moved("ann", "bob", 1)])
    assert store.ask("SELECT person_id::String, points, entries FROM balance") == [(uid("bob"), 10, 3)]


def test_the_channel_is_the_events_own_then_the_brands_then_the_type(store: Store) -> None:
    store.put(
        [
            brand(
                (Channel(channel="shelf", type="scan", placement="shelf"), Channel(channel="spring", campaign="spring"))
            )
        ]
    )
    store.put(
        [
            touchpoint(uid("1"), "p", "scan", "2026-03-01", channel="own", placement="shelf"),
            touchpoint(uid("2"), "p", "scan", "2026-03-02", placement="shelf", campaign="spring"),
            touchpoint(uid("3"), "p", "scan", "2026-03-03", placement="door", campaign="spring"),
            touchpoint(uid("4"), "p", "scan", "2026-03-04"),
        ]
    )
    found = store.ask("SELECT channel FROM touchpoint ORDER BY occurred_at")
    assert found == [("own",), ("shelf",), ("spring",), ("scan",)]


def test_the_brand_says_what_a_touch_is(store: Store) -> None:
    store.put([brand(())])
    store.put(
        [
            touchpoint(uid("1"), "p", "ad_click", "2026-03-01"),
            touchpoint(uid("2"), "p", "scan", "2026-03-02"),
            touchpoint(uid("3"), "p", "page_view", "2026-03-03"),
            touchpoint(uid("4"), "p", "page_view", "2026-03-04", campaign="spring"),
        ]
    )
    assert store.ask("SELECT is_touch FROM touchpoint ORDER BY occurred_at") == [(False,), (True,), (False,), (True,)]


def test_a_configuration_that_comes_back_is_live_again(store: Store) -> None:
    old, new = brand((Channel(channel="old"),)), brand((Channel(channel="new"),), at="2026-02-01")
    store.put([old, new])
    assert store.one("SELECT channels.channel FROM live_brand") == ["new"]
    store.put([msgspec.structs.replace(old, occurred_at=micros("2026-03-01"))])
    assert store.one("SELECT channels.channel FROM live_brand") == ["old"]


def test_returns_take_from_the_sale_they_name_or_from_the_latest(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("early"), "p", "sale", "2026-03-01", amount="10"),
            touchpoint(uid("late"), "p", "sale", "2026-03-02", amount="5"),
            touchpoint(uid("back"), "p", "return", "2026-03-03", amount="6"),
            touchpoint(uid("gift"), "q", "return", "2026-03-04", amount="2", related_event_id=uid("early")),
        ]
    )
    kept = dict(store.ask("SELECT event_id, revenue FROM sale"))
    assert kept == {uid("early"): Decimal(7), uid("late"): Decimal(0)}


def test_open_paths_are_paths_too(store: Store) -> None:
    store.put(
        [
            touchpoint(uid("1"), "p", "scan", "2026-03-01"),
            touchpoint(uid("2"), "p", "sale", "2026-03-02", amount="1", channel="till"),
            touchpoint(uid("3"), "p", "nfc_tap", "2026-03-03"),
        ]
    )
    found = store.ask("SELECT converted, channels, revenue FROM path ORDER BY ended_at")
    assert found == [(True, ["scan", "till"], Decimal(1)), (False, ["nfc_tap"], Decimal(0))]


def test_an_unknown_model_is_an_error(store: Store) -> None:
    with pytest.raises(DatabaseError, match="model must be first, last"):
        store.ask("SELECT * FROM attribution(model='best', lookback_days=90, since='2026-01-01', until='2027-01-01')")
