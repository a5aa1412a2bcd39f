"""Attribution in the store equals the definition in tests/oracles, whatever merged, came late or twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.events import IdentityChanged
from tests.oracles.attribution import Happening, attribute, net_of_returns, paths, person_now, value_of
from tests.sinks.events import merged, named, touchpoint, uid
from tests.sinks.store import Store

MODELS = ("first", "last", "last_non_direct", "linear", "time_decay", "position")
START = datetime(2026, 3, 1, tzinfo=UTC)
SINCE, UNTIL = START + timedelta(days=3), START + timedelta(days=40)
PEOPLE = "ABCDEFGH"
DIMENSIONS = ("channel", "campaign", "placement", "store", "tag", "campaign_placement")


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Happening], dict[str, str]]:
    """Events of few people in any order of arrival, some twice, also with other contents; merges without circles."""
    happenings: list[Happening] = []
    for number in range(draw(st.integers(1, 40))):
        kind = draw(
            st.sampled_from(["ad_click", "ad_click", "scan", "page_view", "sale", "sale", "return", "store_exit"])
        )
        channel = draw(st.sampled_from(["", "search", "direct", "poster"])) if kind != "return" else ""
        sales = [happening.event_id for happening in happenings if happening.type == "sale"]
        happenings.append(
            Happening(
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
    again = draw(st.lists(st.sampled_from(happenings), max_size=8))
    odd = [replace(draw(st.sampled_from(happenings)), event_id=one.event_id) for one in again if draw(st.booleans())]
    return draw(st.permutations(happenings + again + odd)), merges


def put(
    store: Store, happenings: list[Happening], merges: dict[str, str], told: list[IdentityChanged], blocks: int = 3
) -> None:
    """Stores what happened; people are told in steps when ``told`` is empty, else by these names."""
    store.empty()
    size = -(-len(happenings) // blocks)
    for first in range(0, len(happenings), size):
        store.put(
            touchpoint(
                h.event_id,
                # A name of before: nothing may depend on it once own people are named.
                person_now(h.person, merges) if told and number % 2 else h.person,
                h.type,
                h.at,
                own=h.person if told else "",
                amount=h.amount if h.type in ("sale", "return") else None,
                channel=h.channel,
                campaign=h.campaign,
                placement=h.placement,
                store=h.store,
                tag=h.tag,
                related_event_id=h.related,
            )
            for number, h in enumerate(happenings[first : first + size])
        )
    store.put(told or [merged(person, into) for person, into in merges.items()])


@st.composite
def names(draw: st.DrawFn, merges: dict[str, str]) -> list[IdentityChanged]:
    """How identity may have told these people: every name that an own person ever had, in any order, some twice."""
    told = []
    for person in PEOPLE:
        before = draw(st.lists(st.sampled_from(PEOPLE), max_size=3))
        for version, name in enumerate([*before, person_now(person, merges)], start=1):
            change = "split" if name == person else "merged"
            told.append(named(person, name, version, change))
    return draw(st.permutations(told + draw(st.lists(st.sampled_from(told), max_size=4))))


def period(lookback_days: int) -> str:
    return f"lookback_days={lookback_days}, since='{SINCE:%F}', until='{UNTIL:%F}'"


def credits(store: Store, model: str, lookback_days: int, by: str) -> dict[str, tuple[float, float]]:
    rows = store.ask(f"SELECT * FROM attribution_by(by='{by}', model='{model}', {period(lookback_days)})")
    assert len({value for value, _, _ in rows}) == len(rows)
    return {value: (conversions, revenue) for value, conversions, revenue in rows}


@given(history=histories(), lookback_days=st.sampled_from([1, 5, 90]), data=st.data())
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_model_equals_the_definition(
    store: Store, history: tuple[list[Happening], dict[str, str]], lookback_days: int, data: st.DataObject
) -> None:
    happenings, merges = history
    put(store, happenings, merges, data.draw(st.one_of(st.just([]), names(merges))))
    first: dict[str, Happening] = {}
    for happening in happenings:
        first.setdefault(happening.event_id, happening)
    kept = net_of_returns(list(first.values()), merges)
    assert dict(store.ask("SELECT event_id, revenue FROM sale")) == kept
    sold = [h for h in first.values() if h.type == "sale" and SINCE <= h.at < UNTIL]
    for model in MODELS:
        by = data.draw(st.sampled_from(DIMENSIONS))
        found = credits(store, model, lookback_days, by)
        wanted = attribute(happenings, merges, model, timedelta(days=lookback_days), SINCE, UNTIL, by)
        assert found.keys() == wanted.keys(), (model, by)
        for value in wanted:
            assert found[value] == pytest.approx(wanted[value], abs=1e-9), (model, by, value)
        assert sum(conversions for conversions, _ in found.values()) == pytest.approx(len(sold), abs=1e-9)
        assert sum(revenue for _, revenue in found.values()) == pytest.approx(
            float(sum(kept[h.event_id] for h in sold)), abs=1e-9
        )
    assert considered(store, lookback_days, by) == wanted_paths(happenings, merges, lookback_days, by)
    assert store.one("SELECT count() FROM sale") == len(kept)


Seen = list[tuple[str, datetime, bool, Decimal, tuple[str, ...], tuple[str, ...], tuple[float, ...]]]
"""Paths: person, end, whether converted, revenue, steps, types, ages in hours."""


def considered(store: Store, lookback_days: int, by: str) -> Seen:
    rows = store.ask(
        "SELECT person_id::String, ended_at, converted, revenue, steps, types, ages_h "
        f"FROM considered_path(by='{by}', {period(lookback_days)})"
    )
    return sorted(
        (person, at.replace(tzinfo=UTC), converted, revenue, tuple(steps), tuple(types), tuple(map(rounded, ages)))
        for person, at, converted, revenue, steps, types, ages in rows
    )


def wanted_paths(happenings: list[Happening], merges: dict[str, str], lookback_days: int, by: str) -> Seen:
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
        for path in paths(happenings, merges, timedelta(days=lookback_days), SINCE, UNTIL)
    )


def rounded(age_h: float) -> float:
    return round(age_h, 9)
