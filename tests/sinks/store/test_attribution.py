"""Attribution in the store equals the definition in tests/oracles, whatever merged, came late or twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.events import IdentityChanged
from tests.oracles.attribution import SimpleEvent, attribute, net_of_returns, paths, person_now, value_of
from tests.support.sink_events import moved, touchpoint, uid
from tests.support.sink_store import Store

MODELS = ("first", "last", "last_non_direct", "linear", "time_decay", "position")
START = datetime(2026, 3, 1, tzinfo=UTC)
SINCE, UNTIL = START + timedelta(days=3), START + timedelta(days=40)
PEOPLE = "ABCDEFGH"
DIMENSIONS = ("channel", "campaign", "placement", "store", "tag", "campaign_placement")


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[SimpleEvent], dict[str, str]]:
    """Events of few people in any order of arrival, some twice, also with other contents; merges without circles."""
    events: list[SimpleEvent] = []
    for number in range(draw(st.integers(1, 40))):
        kind = draw(
            st.sampled_from(["ad_click", "ad_click", "scan", "page_view", "sale", "sale", "return", "store_exit"])
        )
        channel = draw(st.sampled_from(["", "search", "direct", "poster"])) if kind != "return" else ""
        sales = [event.event_id for event in events if event.type == "sale"]
        events.append(
            SimpleEvent(
                event_id=uid(f"event {number}"),
                person=draw(st.sampled_from(PEOPLE)),
                type=kind,
                at=START + timedelta(hours=draw(st.sampled_from([0, 1, 1.5, 30, 100, 101, 400, 401.25, 900, 1000]))),
                channel=channel,
                campaign=draw(st.sampled_from(["", "spring"])),
                placement=draw(st.sampled_from(["", "shelf"])),
                store=draw(st.sampled_from(["", "berlin", "lisbon"])),
                tag=draw(st.sampled_from(["", "7"])),
                amount=Decimal(draw(st.integers(1, 9_000_000))) / 1_000_000
                if kind in ("sale", "return")
                else Decimal(0),
                related=draw(st.sampled_from(["", *sales, uid("unknown")])) if kind == "return" else "",
            )
        )
    merges = {}
    for index, person in enumerate(PEOPLE[:-1]):
        into = draw(st.sampled_from(["", *PEOPLE[index + 1 :]]))
        if into:
            merges[person] = into
    again = draw(st.lists(st.sampled_from(events), max_size=8))
    changed = [replace(draw(st.sampled_from(events)), event_id=one.event_id) for one in again if draw(st.booleans())]
    return draw(st.permutations(events + again + changed)), merges


def put(
    store: Store, events: list[SimpleEvent], merges: dict[str, str], changes: list[IdentityChanged], blocks: int = 3
) -> None:
    """Stores the events; without ``changes`` they name no source profile and every merged person changes once."""
    store.empty()
    size = -(-len(events) // blocks)
    for first in range(0, len(events), size):
        store.put(
            touchpoint(
                h.event_id,
                # The person at the time of the event: nothing may depend on it when the source profile is set.
                person_now(h.person, merges) if changes and number % 2 else h.person,
                h.type,
                h.at,
                profile=h.person if changes else "",
                amount=h.amount if h.type in ("sale", "return") else None,
                channel=h.channel,
                campaign=h.campaign,
                placement=h.placement,
                store=h.store,
                tag=h.tag,
                related_event_id=h.related,
            )
            for number, h in enumerate(events[first : first + size])
        )
    store.put(changes or [moved(person, person_now(person, merges), 1) for person in merges])


@st.composite
def identity_changes(draw: st.DrawFn, merges: dict[str, str]) -> list[IdentityChanged]:
    """What identity may have published: every person that a source profile ever had, in any order, some twice."""
    changes = []
    for person in PEOPLE:
        before = draw(st.lists(st.sampled_from(PEOPLE), max_size=3))
        for version, into in enumerate([*before, person_now(person, merges)], start=1):
            change = "split" if into == person else "merged"
            changes.append(moved(person, into, version, change))
    return draw(st.permutations(changes + draw(st.lists(st.sampled_from(changes), max_size=4))))


def period(lookback_days: int) -> str:
    return f"lookback_days={lookback_days}, since='{SINCE:%F}', until='{UNTIL:%F}'"


def credits(store: Store, model: str, lookback_days: int, by: str) -> dict[str, tuple[float, float]]:
    rows = store.ask(f"SELECT * FROM attribution_by(by='{by}', model='{model}', {period(lookback_days)})")
    assert len({value for value, _, _ in rows}) == len(rows)
    return {value: (conversions, float(revenue)) for value, conversions, revenue in rows}


@given(history=histories(), lookback_days=st.sampled_from([1, 5, 90]), data=st.data())
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_model_equals_the_definition(
    store: Store, history: tuple[list[SimpleEvent], dict[str, str]], lookback_days: int, data: st.DataObject
) -> None:
    events, merges = history
    put(store, events, merges, data.draw(st.one_of(st.just([]), identity_changes(merges))))
    first: dict[str, SimpleEvent] = {}
    for event in events:
        first.setdefault(event.event_id, event)
    kept = net_of_returns(list(first.values()), merges)
    assert dict(store.ask("SELECT event_id, revenue FROM sale")) == kept
    sold = [h for h in first.values() if h.type == "sale" and SINCE <= h.at < UNTIL]
    for model in MODELS:
        by = data.draw(st.sampled_from(DIMENSIONS))
        found = credits(store, model, lookback_days, by)
        wanted = attribute(events, merges, model, timedelta(days=lookback_days), SINCE, UNTIL, by)
        assert found.keys() == wanted.keys(), (model, by)
        for value in wanted:
            assert found[value] == pytest.approx(wanted[value], abs=1e-6), (model, by, value)
        assert sum(conversions for conversions, _ in found.values()) == pytest.approx(len(sold), abs=1e-9)
        assert sum(revenue for _, revenue in found.values()) == pytest.approx(
            float(sum(kept[h.event_id] for h in sold)), abs=1e-6 * len(found)
        )
    assert paths_in_window(store, lookback_days, by) == wanted_paths(events, merges, lookback_days, by)
    assert store.one("SELECT count() FROM sale") == len(kept)


Seen = list[tuple[str, datetime, bool, Decimal, tuple[str, ...], tuple[str, ...], tuple[float, ...]]]
"""Paths: person, end, whether converted, revenue, steps, types, ages in hours."""


def paths_in_window(store: Store, lookback_days: int, by: str) -> Seen:
    rows = store.ask(
        "SELECT person_id::String, ended_at, converted, revenue, steps, types, ages_h "
        f"FROM path_in_window(by='{by}', {period(lookback_days)})"
    )
    return sorted(
        (person, at.replace(tzinfo=UTC), converted, revenue, tuple(steps), tuple(types), tuple(map(rounded, ages)))
        for person, at, converted, revenue, steps, types, ages in rows
    )


def wanted_paths(events: list[SimpleEvent], merges: dict[str, str], lookback_days: int, by: str) -> Seen:
    return sorted(
        (
            uid(path.person),
            path.ended_at,
            path.revenue is not None,
            path.revenue or Decimal(0),
            tuple(value_of(touch, by) for touch in path.touches or (None,)),
            tuple(touch.type if touch else "none" for touch in path.touches or (None,)),
            tuple(rounded((path.ended_at - touch.at) / timedelta(hours=1)) for touch in path.touches) or (0.0,),
        )
        for path in paths(events, merges, timedelta(days=lookback_days), SINCE, UNTIL)
    )


def rounded(age_h: float) -> float:
    return round(age_h, 9)
