"""Context: schedules of routes, and answers that do not come again soon."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.context.core import step
from processors.context.recompute import recompute
from processors.reference import Reference
from schemas.brand.model import Route
from schemas.brand.schedule import Schedule, off_schedule
from schemas.events import ScanRouted
from tests.support.builders import EventSpec, after, at, build_events, merged, scan
from tests.support.harness import Harness
from tests.support.histories import lawful
from tests.support.reference import reference, route

Context = Callable[[Reference], Harness]


def timed(id: str, priority: int, **fields: Any) -> Route:
    return msgspec.structs.replace(route(id, priority), **fields)


def decisions(harness: Harness, *specs: EventSpec) -> list[ScanRouted]:
    return [effect.event for event in build_events(*specs) for effect in harness.apply(event)]  # type: ignore[union-attr, misc]


@pytest.mark.parametrize(
    ("schedule", "moments"),
    [
        (
            Schedule(begins="2026-03-02", until="2026-03-03"),
            {"2026-03-01 23:59": 0, "2026-03-02 00:00": 1, "2026-03-03 23:59": 1, "2026-03-04 00:00": 0},
        ),
        (
            Schedule(begins="2026-03-02T10:00", until="2026-03-02T12:00"),
            {"2026-03-02 09:59": 0, "2026-03-02 10:00": 1, "2026-03-02 11:59": 1, "2026-03-02 12:00": 0},
        ),
        (Schedule(begins="2026-03-02T10:00Z"), {"2026-03-02 10:59": 0, "2026-03-02 11:00": 1}),
        (
            Schedule(days=("Sa", "Su"), hours="09:00-12:00"),
            {"2026-03-06 10:00": 0, "2026-03-07 08:59": 0, "2026-03-07 09:00": 1, "2026-03-08 12:00": 0},
        ),
        (
            Schedule(days=("Sa",), hours="22:00-02:00"),
            {"2026-03-07 01:00": 0, "2026-03-07 23:00": 1, "2026-03-08 01:59": 1, "2026-03-08 02:00": 0},
        ),
        (Schedule(hours="00:00-24:00"), {"2026-03-07 00:00": 1, "2026-03-07 23:59": 1}),
        # The night when clocks go forward, and the one when they go back.
        (Schedule(hours="02:00-03:00"), {"2026-03-29 01:59": 0, "2026-03-29 03:00": 0}),
        (Schedule(until="2026-10-25"), {"2026-10-25 23:59": 1, "2026-10-26 00:00": 0}),
    ],
)
def test_a_schedule_is_by_the_stores_clock(schedule: Schedule, moments: dict[str, int]) -> None:
    for local, within in moments.items():
        moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        reason = off_schedule(schedule, round(moment.timestamp() * 1e6), "Europe/Berlin")
        assert (not reason) == bool(within), (local, reason)


def test_a_route_answers_within_its_schedule_alone(context: Context) -> None:
    where = reference(timed("morning", 20, schedule=Schedule(hours="08:00-11:00")), route("else", 5))
    early, late, nowhere, abroad = decisions(
        context(where),
        at("2026-03-02 10:59", "Europe/Berlin"),
        scan("shelf"),
        after("2 minutes"),
        scan("shelf"),
        scan("bottle"),
        after("4 hours"),
        scan("overseas"),
    )
    assert [one.route for one in (early, late, nowhere, abroad)] == ["morning", "else", "else", "morning"]
    assert late.candidates[0].lost_because == "on 08:00-11:00"
    assert nowhere.candidates[0].lost_because == "its schedule is unknown: there is no store with a clock"


def test_a_route_does_not_answer_the_same_person_again_within_its_time(context: Context) -> None:
    where = reference(timed("offer", 20, not_again_within="7 days"), route("else", 5))
    week = decisions(
        context(where),
        scan(),
        after("6 days"),
        scan(),
        scan(who="ben"),
        after("86399 seconds"),
        scan(),
        scan(who="ben"),
    )
    assert [one.route for one in week] == ["offer", "else", "offer", "offer", "else"]
    assert week[1].candidates[0].lost_because == "answered to this person not long ago"


def test_people_who_turn_out_to_be_one_had_both_their_answers(context: Context) -> None:
    where = reference(timed("offer", 20, not_again_within="7 days"), route("else", 5))
    harness = context(where)
    told = harness.run(*build_events(scan(), scan(who="ben"), merged("ben", "anna"), after("1 day"), scan()))
    assert [one for one in told if "buy" in one] == ["scan-1: buy, offer", "scan-2: buy, offer", "scan-3: buy, else"]


def test_the_decision_can_be_computed_again(context: Context) -> None:
    where = reference(
        timed("offer", 20, not_again_within="7 days", schedule=Schedule(days=("Mo", "We"))), route("else", 5)
    )
    week = decisions(context(where), scan(), after("1 day"), scan(), after("1 day"), scan(), after("5 days"), scan())
    assert [one.route for one in week] == ["offer", "else", "else", "offer"]
    for routed in week:
        again = recompute(routed.inputs, "", where.brand)
        assert again is not None and again.candidates == routed.candidates


days = st.lists(
    st.sampled_from([scan(), scan("poster"), after("1 day"), after("3 days"), after("1 hour")]), max_size=12
)


@lawful
@given(days, st.randoms())
def test_a_scan_that_comes_again_gets_its_answer_again_whatever_came_between(day: list[EventSpec], random: Any) -> None:
    where = reference(timed("offer", 20, not_again_within="2 days"), timed("tip", 10, not_again_within="5 days"))
    events, visitor, first = build_events(*day), None, {}
    late = random.sample(events, len(events))
    for event in late:
        done = step(visitor, event, where)
        visitor, [effect] = done.state, done.effects
        first[event.event_id] = effect.event.route  # type: ignore[union-attr]
    for event in events:
        done = step(visitor, event, where)
        assert done.state == visitor
        assert [effect.event.route for effect in done.effects] == [first[event.event_id]]  # type: ignore[union-attr]
