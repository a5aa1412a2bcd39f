"""The rule for returns (``processors.purchases``): all views net sales as the stream does, on random histories."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from processors.context.core import PROCESSOR as CONTEXT
from processors.rewards.core import PROCESSOR as REWARDS
from schemas.brand.items import Manifest
from schemas.brand.model import About
from schemas.events import BrandConfigured, Event, IdentityChanged, Line, RewardPosted, TouchpointIdentified
from schemas.ids import derived, hash64
from tests.support.builders import build_events, merged, micros, parted, person, purchase, returned
from tests.support.harness import Harness
from tests.support.histories import arrivals, lawful, purchases
from tests.support.naive_model import net_of_returns
from tests.support.reference import reference
from tests.support.sink_events import uid
from tests.support.sink_store import Store

COMPANIES = 12
PEOPLE = ("anna", "ben", "cleo")
NOBODY = "00000000-0000-0000-0000-000000000000"


def brand() -> BrandConfigured:
    about = About(
        id="demo", name="Demo", currency="EUR", country="DE", fallback="https://shop.example",
        destinations=("https://shop.example",),
    )  # fmt: skip
    body = msgspec.json.encode(Manifest(about=about, counts={})).decode()
    return BrandConfigured(event_id=uid("brand"), occurred_at=1, kind="brand", id="demo", version="1", body=body)


def revenues(store: Store) -> dict[str, int]:
    """Millionths by sale, from the view."""
    return {id: int(revenue * 1_000_000) for id, revenue in store.ask("SELECT event_id, revenue FROM sale")}


@st.composite
def histories(draw: st.DrawFn, number: int) -> list[Any]:
    """Receipts of three people and of nobody, at equal times too, some with lines; ids and people of this number."""
    events = []
    for event in draw(purchases(who=PEOPLE, most=9)):
        who = f"{number} {event.source_profile_id}"
        anonymous = draw(st.sampled_from([False, False, False, True]))
        half = (event.amount_micros or 0) // 2
        lines = (Line("tea", 2, half), Line("cup", 0, (event.amount_micros or 0) - half, 250_000))
        mine: dict[str, Any] = {"primary_identifier": who, "person_id": person(who), "source_profile_id": person(who)}
        if anonymous:
            mine = dict.fromkeys(mine, "") | {"identifiers": (), "store": f"store {number}"}
        events.append(
            msgspec.structs.replace(
                event,
                event_id=derived(str(number), event.event_id),
                related_event_id=event.related_event_id and derived(str(number), event.related_event_id),
                occurred_at=draw(st.integers(1, 4)) * 1_000_000,
                lines=lines if draw(st.booleans()) else (),
                **mine,
            )
        )
    return events


@settings(lawful, max_examples=2, phases=(Phase.generate,))  # to shrink would take hours
@given(st.data())
def test_the_views_the_context_and_the_rewards_net_sales_alike(migrated: Store, data: st.DataObject) -> None:
    """Many small companies at once, for an empty store takes longer than all their histories. Two people of each may be
    merged, and parted again; for the stream, events arrive in any order."""
    migrated.empty()
    migrated.put([brand()])
    ledger, expected, points, owner = (
        list[RewardPosted](),
        dict[str, int](),
        defaultdict[str, int](int),
        dict[str, str](),
    )
    for number in range(COMPANIES):
        events = data.draw(histories(number))
        names = {who: f"{number} {person(who)}" for who in PEOPLE}
        changes: list[IdentityChanged] = build_events(
            *[merged(names["ben"], names["anna"])][: (times := data.draw(st.integers(0, 2)))],
            *[parted(names["ben"], names["anna"])][: max(0, times - 1)],
        )
        changes = [msgspec.structs.replace(one, event_id=derived(str(number), one.event_id)) for one in changes]
        now = {person(name): person(name) for name in names.values()} | {"": ""}
        if times == 1:
            now[person(names["ben"])] = person(names["anna"])
        sellers = {event.event_id: event.source_profile_id for event in events if event.type == "sale"}
        by_person: dict[str, list[Any]] = {}
        for event in events:
            whose = now[sellers.get(event.related_event_id, event.source_profile_id)]
            by_person.setdefault(whose, []).append(event)
        left = {id: amount for mine in by_person.values() for id, amount in net_of_returns(mine).items()}
        expected |= left
        owner |= {id: now[profile] or NOBODY for id, profile in sellers.items()}
        for event in events:
            if event.type == "sale" and event.currency == "EUR" and event.person_id:
                points[now[event.source_profile_id]] += 2 * (left[event.event_id] // 1_000_000)
        if events:
            migrated.put(data.draw(st.permutations(events)))
        if changes:
            migrated.put(changes)
        ledger += _stream(data, events, changes, left)
    migrated.put(ledger)
    assert revenues(migrated) == expected
    _assert_that_all_totals_agree(migrated, expected, owner)
    assert {
        str(who): total for who, total in migrated.ask("SELECT person_id::String, points FROM balance") if total
    } == {who: total for who, total in points.items() if total}


def _stream(
    data: st.DataObject, events: list[TouchpointIdentified], changes: list[IdentityChanged], left: dict[str, int]
) -> list[RewardPosted]:
    """What rewards post; context and rewards keep of each sale what is left."""
    posted: dict[str, RewardPosted] = {}
    for processor in (CONTEXT, REWARDS):
        harness = Harness(processor, reference())
        arriving: list[Event] = data.draw(arrivals([*events, *changes])) if events else []
        for event in arriving:
            for effect in (*(now := harness.apply(event)), *harness.deliver(now)):
                if isinstance(found := getattr(effect, "event", None), RewardPosted):
                    posted[found.event_id] = found
        parts = [
            part.purchases.recent if processor is CONTEXT else part.history
            for record in harness.records.values()
            for part in (getattr(getattr(record, "state", None), "parts", None) or {}).values()
            if processor is REWARDS or part.purchases is not None
        ]
        kept = {id: sale.left_micros for history in parts for id, sale in history.sales.items()}
        sold = {hash64(e.event_id): left[e.event_id] for e in events if e.type == "sale" and e.person_id}
        assert kept == sold
    return list(posted.values())


def _assert_that_all_totals_agree(store: Store, expected: dict[str, int], owner: dict[str, str]) -> None:
    euros: dict[str, Decimal] = defaultdict(Decimal)
    others: dict[str, Decimal] = defaultdict(Decimal)
    currency = dict(store.ask("SELECT event_id, currency FROM sale"))
    for id, left in expected.items():
        (euros if currency[id] == "EUR" else others)[owner[id]] += Decimal(left) / 1_000_000
    people = set(owner.values()) - {NOBODY}

    def by_person(sql: str) -> dict[str, Decimal]:
        return {who: amount for who, amount in store.ask(sql) if amount and who in owner.values()}

    def of(amounts: dict[str, Decimal], who: set[str]) -> dict[str, Decimal]:
        return {one: amount for one, amount in amounts.items() if one in who and amount}

    assert by_person("SELECT person_id::String, revenue FROM person") == of(euros, people)
    assert by_person("SELECT person_id::String, other_revenue['USD'] FROM person") == of(others, people)
    assert by_person("SELECT person_id::String, value FROM customer_value") == of(euros, people)
    assert by_person("SELECT person_id::String, other_value['USD'] FROM customer_value") == of(others, people)
    per_product = "SELECT person_id::String, sum(amount) FROM purchase WHERE currency = '{}' GROUP BY person_id"
    everybody = {*people, NOBODY}
    assert by_person(per_product.format("EUR")) == of(euros, everybody)
    assert by_person(per_product.format("USD")) == of(others, everybody)
    gone = "sale_revenue = 0 AND sold_amount != 0 AND (quantity != 0 OR amount != 0)"
    assert store.ask(f"SELECT event_id FROM purchase WHERE {gone}") == []
    credits = """SELECT sum(revenue), sum(conversions) FROM attribution(
        model='linear', lookback_days=90, since='1970-01-01', until='2106-01-01')"""
    [(revenue, conversions)] = store.ask(credits)
    assert abs(Decimal(revenue) - sum(euros.values())) < Decimal("0.001")
    assert round(conversions) == len(expected)


def test_a_return_takes_from_sales_of_its_currency_alone(store: Store) -> None:
    store.put(
        build_events(
            purchase("10", name="euro"),
            purchase("20", name="dollar", currency="USD"),
            returned("4"),
            returned("5", currency="USD"),
            returned("1", of="euro", currency="USD"),
        )
    )
    assert sorted(revenues(store).values()) == [micros("6"), micros("14")]


def test_more_currencies_than_a_byte_can_count_stay_apart(store: Store) -> None:
    codes = [f"A{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(300)]
    sales = [purchase("10", who=str(n % 128), name=code, currency=code) for n, code in enumerate(codes)]
    store.put(build_events(*sales, returned("4", who="5", currency=codes[5])))
    left = dict(store.ask("SELECT currency, revenue FROM sale"))
    assert left == dict.fromkeys(codes, Decimal(10)) | {codes[5]: Decimal(6)}


def test_a_sale_comes_before_a_return_of_the_same_moment(store: Store) -> None:
    events = [
        msgspec.structs.replace(event, occurred_at=1_700_000_000_000_000)
        for event in build_events(
            returned("2", name="a"), returned("2", name="b"), *[purchase("3", name=n) for n in "cd"]
        )
    ]
    store.put(events)
    assert sum(revenues(store).values()) == micros("2")
    assert store.one("SELECT sum(value) FROM customer_value") == Decimal(2)
    assert store.one("SELECT person_id::String FROM customer_value") == person("anna")


def test_an_exchange_counts_as_it_is_and_takes_no_return(store: Store) -> None:
    sale, exchange, back = build_events(purchase("30"), purchase("20", name="exchange"), returned("25", of="exchange"))
    store.put([sale, msgspec.structs.replace(exchange, amount_micros=-exchange.amount_micros), back])
    assert sorted(revenues(store).values()) == [micros("-20"), micros("5")]
    assert store.ask("SELECT revenue, sales FROM person") == [(Decimal(-15), 2)]
    assert store.ask("SELECT value, frequency FROM customer_value") == [(Decimal(-15), 1)]
    assert store.ask("SELECT sum(amount) FROM purchase") == [(Decimal(-15),)]
