"""What staff see of the shopper they serve: nothing without the shopper's consent, and never who it is."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.context import state as context
from schemas.brand.consent import Consent
from schemas.events import (
    BrandConfigured,
    ConsentChanged,
    CouponChanged,
    Event,
    Line,
    PrivacyResolved,
    RewardPosted,
    ScanRouted,
)
from sinks.clickhouse.writer import build_client
from sinks.privacy import profile
from sinks.privacy.progress import Progress
from tests.support.sink_events import micros, touchpoint, uid
from tests.support.sink_store import Store

NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)
ASKS: dict[str, Any] = {"id": "personalisation", "default": "opt_out", "jurisdictions": {"DE": "opt_in"}, "gpc": ["US"]}


DAYS_AGO = [NOW - timedelta(days=days) for days in range(4)]


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def said(what: str, of: str = "ann", at: datetime = DAYS_AGO[2], **more: Any) -> ConsentChanged:
    return ConsentChanged(**{
        "event_id": uid(f"{what} {of} {at}"), "occurred_at": micros(at), "person_id": uid(of),
        "source_profile_id": uid(of), "purpose": "personalisation", "kind": "choice", "after": what,
        "source_event_id": f"s-{of}-{at}", **more,
    })  # fmt: skip


def brand(kind: str, body: dict[str, Any]) -> BrandConfigured:
    return BrandConfigured(
        event_id=uid(f"{kind} {body}"), occurred_at=micros(ago(days=300)), kind=kind, id=body.get("id", "corner"),
        body=json.dumps(body), version="1",
    )  # fmt: skip


def asked(*names: str) -> Progress:
    progress = Progress(uid("request"))
    progress.add(
        PrivacyResolved(
            event_id=uid("resolved"), occurred_at=micros(NOW), request_id=uid("request"), action="profile",
            scope="person", identifier=f"loyalty:{names[0]}", person_id=uid(names[0]),
            identifiers=tuple(f"loyalty:{name}" for name in names), source_profile_ids=tuple(map(uid, names)),
        )
    )  # fmt: skip
    return progress


def seen(store: Store, *names: str) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        client = await build_client(store.part.url)
        try:
            return await profile.profile_of(client, asked(*(names or ("ann",))), micros(NOW))
        finally:
            await client.close()

    return asyncio.run(run())


def tea(event: str, minutes: float, **more: Any) -> Event:
    return touchpoint(event, "ann", "scan", ago(minutes=minutes), profile="ann", store="mitte", product="tea", **more)


def a_visit(store: Store) -> None:
    """Ann bought coffee last week, and has been in the shop for forty minutes."""
    coffee = Line("coffee", 1_000_000, 4_000_000)
    store.put([
        touchpoint("old", "ann", "product_view", ago(days=200), profile="ann", product="ink"),
        touchpoint("till/sale", "ann", "sale", ago(days=7), Decimal(4), profile="ann", store="mitte", lines=(coffee,)),
        touchpoint("morning", "ann", "scan", ago(hours=3), profile="ann", store="nord", product="mug"),
        tea("in", 40), tea("again", 15), tea("again", 15),
        touchpoint("bob", "bob", "scan", ago(minutes=5), profile="bob", store="mitte", product="knife"),
    ])  # fmt: skip
    store.put([
        ScanRouted(event_id=uid(f"routed {scan}"), occurred_at=micros(at), scan_event_id=scan, person_id=uid("ann"),
                   moment="buy", route=route, action="page", destination="/", title=f"{route}!", candidates=(),
                   inputs="{}", brand_version="1")
        for scan, at, route in (
            ("morning", ago(hours=3), "over"), ("in", ago(minutes=40), "tea-offer"),
            ("again", ago(minutes=15), "fallback"),
        )
    ])  # fmt: skip
    store.put([
        RewardPosted(event_id=uid(f"points {points}"), occurred_at=micros(ago(days=7)), person_id=uid("ann"),
                     kind="earned", points=points, rule="sales", rule_version=1, source_event_id="till/sale",
                     source_profile_id=uid("ann"))
        for points in (50, -8)
    ])  # fmt: skip
    store.put([
        CouponChanged(event_id=uid("coupon"), occurred_at=micros(ago(days=7)), code="SECRET1", pool="spring", ordinal=0,
                      state="issued", version=1, person_id=uid("ann"), source_profile_id=uid("ann"))
    ])  # fmt: skip
    store.put([brand("brand", {"about": {"country": "DE"}}), brand("consent", ASKS), brand("store", {"id": "mitte"})])


def test_with_consent_interests_offers_and_balance_are_seen_and_nobody_is_named(store: Store) -> None:
    a_visit(store)
    store.put([said("granted")])
    found = seen(store)
    assert found == seen(store), "asked twice is answered twice the same"
    assert [(one["product"], one["times"]) for one in found["seen"]] == [("tea", 2), ("mug", 1)], "what is old is past"
    assert [one["products"] for one in found["purchases"]] == [["coffee"]]
    assert found["balance"] == 42
    assert found["months"] == [{"month": 2026 * 12 + 8, "points": 42}]
    assert found["coupons"] == [{"pool": "spring", "expires_at": 0}], "without its code, which is hers to show"
    assert found["visit"] == {"store": "mitte", "since": micros(ago(minutes=40))}
    assert [(one["route"], one["title"]) for one in found["offers"]] == [("tea-offer", "tea-offer!")]
    assert found["allowed"] is True and found["consent"]["personalisation"] is True
    text = json.dumps(found)
    assert not any(word in text for word in (uid("ann"), "ann", "knife", "customer:", "loyalty:", "SECRET1"))


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([said("granted")], True),
        ([said("granted"), said("withdrawn", at=ago(days=1))], False),
        ([said("withdrawn", at=ago(days=3)), said("granted")], True),
        ([said("granted", expires_at=micros(ago(hours=1)))], False),
        ([said("granted"), said("withdrawn", of="ann's phone")], False),
        ([said("granted", purpose="marketing", channel="email")], False),
    ],
)
def test_without_consent_there_is_nothing(store: Store, statements: list[Event], allowed: bool) -> None:
    a_visit(store)
    store.put(statements)
    found = seen(store, "ann", "ann's phone")
    assert found["allowed"] is allowed
    assert set(found) == {"allowed"} or allowed


def test_silence_means_what_the_place_says(store: Store) -> None:
    a_visit(store)
    assert seen(store) == {"allowed": False}, "in Germany the brand asks first"
    store.put([brand("store", {"id": "mitte", "country": "US", "region": "CA", "later_field": 1})])
    assert seen(store)["allowed"], "in California silence is consent"
    store.put([said("", kind="gpc")])
    assert seen(store) == {"allowed": False}, "and the browser's signal none"


def test_a_brand_that_asks_for_nothing_shows_unless_it_was_withdrawn(store: Store) -> None:
    store.put([tea("in", 5)])
    assert seen(store)["allowed"]
    store.put([said("withdrawn")])
    assert seen(store) == {"allowed": False}


def test_when_the_visit_is_over_no_offer_is_open(store: Store) -> None:
    gap = profile.VISIT_GAP_US
    assert gap == context.VISIT_GAP_US
    rows = [{"at": at, "store": "mitte"} for at in (1_000, 900)]
    assert profile.visit_of(rows, 1_000 + gap) == {"store": "mitte", "since": 900}
    assert profile.visit_of(rows, 1_001 + gap) is None
    assert profile.visit_of([], 1_000) is None
    assert profile.offers_of([{"at": 950, "route": "r", "title": "t"}], None) == []


STATEMENTS = st.lists(
    st.builds(
        lambda at, of, what: {
            "profile": of, "purpose": "personalisation", "channel": "", "kind": "gpc" if not what else "choice",
            "after": what, "at": at, "expires_at": 0, "policy_version": "",
        },
        st.integers(1, 5), st.sampled_from("ab"), st.sampled_from(["granted", "withdrawn", ""]),
    ),
    max_size=6,
)  # fmt: skip


@given(STATEMENTS, st.randoms())
def test_the_order_of_statements_makes_no_difference(rows: list[dict[str, Any]], chance: Any) -> None:
    rules = [{"kind": "consent", "id": "personalisation", "live": json.dumps(ASKS), "country": "DE"}]
    twice = [*rows, *rows]
    chance.shuffle(twice)
    assert profile.allowed(rows, rules, "", 10) == profile.allowed(twice, rules, "", 10)


def test_silence_is_read_as_the_processors_read_it() -> None:
    for place in ("DE", "FR"):
        rules = [{"kind": "consent", "id": "personalisation", "live": json.dumps(ASKS), "country": place}]
        assert profile.allowed([], rules, "", 10)["personalisation"] is not Consent(**ASKS).asks_first(place)
