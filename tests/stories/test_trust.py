"""Trust: what a device's own scans show, and what rewards and routes make of it."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.identity.state import NOT_SEEN, Seen
from processors.identity.trust import MAX_SCANS, assessed
from processors.reference import Reference
from processors.step import Drop, Emit
from schemas.brand.model import Reward, Store
from schemas.events import TouchpointIdentified, TouchpointRecorded
from schemas.reasons import DropReason, TrustReason
from schemas.trust.score import FULL, PENALTIES, trust_of
from tests.support.builders import EventSpec, after, build_events, build_recorded, scan, touch
from tests.support.harness import Harness, balance
from tests.support.reference import SCANNED, STORES, reference, route

PLACES = {"mitte": (52.5251, 13.4105), "bar": (52.4990, 13.4180), "hudson": (40.7484, -73.9857)}
SHOPS = {store.id: msgspec.structs.replace(store, coordinates=PLACES[store.id]) for store in STORES}
Context = Callable[[Reference], Harness]


@pytest.fixture
def placed(identity: Harness) -> Harness:
    """Identity, of a brand whose stores have coordinates."""
    brand = msgspec.structs.replace(identity.reference.brand, stores=SHOPS)
    identity.reference = Reference(brand)
    return identity


def trusts(harness: Harness, *specs: EventSpec) -> list[tuple[int | None, tuple[str, ...]]]:
    """Trust and reasons of each touchpoint, as identity publishes it."""
    events = [one.event for one in harness.apply(*build_recorded(*specs)) if isinstance(one, Emit)]
    return [(one.trust, one.trust_reasons) for one in events if isinstance(one, TouchpointIdentified)]


def test_nobody_is_in_two_towns_within_an_hour(placed: Harness) -> None:
    travelled = (100 - PENALTIES[TrustReason.IMPOSSIBLE_TRAVEL], (TrustReason.IMPOSSIBLE_TRAVEL,))
    assert trusts(
        placed,
        scan("shelf", trust=100), after("1 minute"), scan("bar", trust=100), after("50 minutes"),
        scan("overseas", trust=100), after("9 hours"), scan("shelf", trust=100), scan("bottle", trust=100),
        after("2 minutes"), scan("overseas", trust=80, trust_reasons=("key_outlived",)),
        scan("overseas", who="ben", trust=100),
    ) == [
        (100, ()), (100, ()), travelled, (100, ()), (100, ()),
        (20, (TrustReason.KEY_OUTLIVED, TrustReason.IMPOSSIBLE_TRAVEL)), (100, ()),
    ]  # fmt: skip


def test_stores_without_coordinates_say_nothing_of_travel(identity: Harness) -> None:
    assert trusts(identity, scan("shelf", trust=100), scan("overseas", trust=100)) == [(100, ())] * 2


def test_a_device_that_scans_like_a_machine_is_in_doubt(placed: Harness) -> None:
    found = trusts(placed, *[scan("shelf", trust=100) for _ in range(MAX_SCANS + 2)])
    assert [trust for trust, _ in found] == [100] * MAX_SCANS + [40, 40]
    assert trusts(placed, after("2 hours"), scan("shelf", trust=100, name="later")) == [(100, ())]


def test_what_the_gateway_did_not_look_at_has_no_trust(placed: Harness) -> None:
    assert trusts(placed, scan("shelf"), touch("page_view")) == [(None, ())] * 2


@pytest.mark.parametrize("kind", ["preview", "scan_refused"])
def test_previews_and_refusals_are_nobodys(placed: Harness, kind: str) -> None:
    [event] = build_recorded(touch(kind, store="mitte", tag="shelf", trust=0, trust_reasons=("bot",)))
    nobodys = msgspec.structs.replace(event, primary_identifier="", identifiers=())
    assert placed.apply(nobodys) == [Drop(DropReason(kind))] and not any(
        record.state is not None for record in placed.records.values()
    )


def test_a_scan_of_little_trust_earns_nothing_unless_its_rule_takes_it(rewards: Harness) -> None:
    easy = Reward(id="easy", version=1, on=("scan",), points=1, trust_at_least=0)
    strict = Reward(id="strict", version=1, on=("scan",), points=7, trust_at_least=100)
    rewards.reference = reference(rewards=(easy, SCANNED, strict))
    specs = [scan(trust=trust, who="anna") for trust in (100, 50, 49, 0)]
    low = Drop(DropReason.LOW_TRUST)
    effects = rewards.apply(*build_events(*specs))
    points = [one.event.points if isinstance(one, Emit) else one for one in effects]
    assert points == [1, 5, 7, 1, 5, low, 1, low, 1, low] and balance(rewards, "anna") == 21


@pytest.mark.parametrize(
    ("trust", "reason"), [(None, ""), (80, ""), (79, "trust is 79, needs 80"), (0, "trust is 0, needs 80")]
)
def test_a_route_may_ask_for_trust(context: Context, trust: int | None, reason: str) -> None:
    harness = context(reference(route("r", trust_at_least=80)))
    emit = harness.apply(*build_events(scan(trust=trust)))[-1]
    assert isinstance(emit, Emit) and [one.lost_because for one in emit.event.candidates] == [reason]
    inputs = msgspec.json.decode(emit.event.inputs)
    assert inputs.get("trust") == trust


@given(st.lists(st.sampled_from([*TrustReason]), max_size=5))
def test_trust_is_between_nothing_and_full_and_each_reason_costs(reasons: list[str]) -> None:
    assert 0 <= trust_of(reasons) <= FULL
    assert (trust_of(reasons) == FULL) == (not reasons)
    assert all(trust_of([*reasons, more]) <= trust_of(reasons) for more in TrustReason)


TIMES = st.integers(0, 4_000_000_000_000_000)


@given(st.lists(st.tuples(TIMES, st.sampled_from(["", "mitte", "hudson", "gone"])), max_size=20))
def test_any_times_and_places_leave_a_bounded_memory(scans: list[tuple[int, str]]) -> None:
    seen = NOT_SEEN
    stores: dict[str, Store] = SHOPS
    for at, store in scans:
        event = TouchpointRecorded(
            event_id="e", occurred_at=at, type="scan", received_at=at, source="scan", primary_identifier="device:a",
            identifiers=("device:a",), store=store, trust=100,
        )  # fmt: skip
        seen, after_event = assessed(seen, event, stores)
        assert 0 <= (after_event.trust or 0) <= 100 and isinstance(seen, Seen) and seen.count <= MAX_SCANS + 1
