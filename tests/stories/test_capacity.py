"""Capacity: which report of a service counts, and until when."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.capacity import CapacityFold
from processors.reference import Reference
from schemas.events import CapacityReported, ScanRouted
from tests.support.builders import EventSpec, after, build_events, scan
from tests.support.harness import Harness
from tests.support.reference import reference, route

Context = Callable[[Reference], Harness]
MINUTE = 60_000_000


def report(
    service: str = "fitting", stated: int = 0, minutes: int = 15, received: int | None = None
) -> CapacityReported:
    """A report of two free places and a queue of three, so many minutes after the first event of a story."""
    [first] = build_events(scan())
    at = first.occurred_at + stated * MINUTE
    return CapacityReported(
        event_id=f"{service}/{stated}/{minutes}",
        occurred_at=at,
        store="mitte",
        service=service,
        free=2 if service == "fitting" else None,
        queue_length=3,
        expires_at=at + minutes * MINUTE,
        received_at=at if received is None else first.occurred_at + received * MINUTE,
        source="camera",
    )


def decisions(harness: Harness, *specs: EventSpec) -> list[ScanRouted]:
    return [effect.event for event in build_events(*specs) for effect in harness.apply(event)]  # type: ignore[union-attr, misc]


def test_a_route_answers_while_there_is_room_and_nobody_knows_it_later(context: Context) -> None:
    fold = CapacityFold()
    fold.apply(report())
    fold.apply(report("till"))
    where = reference(
        route("fit", 30, expression="capacity.free['fitting'] > 1 && capacity.queue['till'] <= 3"),
        route("till", 20, expression="capacity.free['till'] > 0"),
        route("else", 5),
    )
    where = Reference(where.brand, capacity=fold.reports)
    fresh, abroad, stale = decisions(context(where), scan(), scan("bar"), after("15 minutes"), scan())
    assert [one.route for one in (fresh, abroad, stale)] == ["fit", "else", "else"]
    assert msgspec.json.decode(fresh.inputs)["inputs"] == {
        "capacity.free": {"fitting": 2},
        "capacity.queue": {"fitting": 3, "till": 3},
    }
    assert fresh.candidates[1].lost_because == "unknown: capacity.free['till'] > 0"
    assert stale.candidates[0].lost_because == "capacity.free is unknown"


@pytest.mark.parametrize(
    ("reports", "latest"),
    [
        ([report(stated=5), report(stated=3)], 5),
        ([report(stated=3), report(stated=5)], 5),
        # A clock that is ahead does not outlive a true report.
        ([report(stated=900, received=0), report(stated=1)], 1),
    ],
)
def test_the_latest_report_counts(reports: list[CapacityReported], latest: int) -> None:
    fold = CapacityFold()
    for one in reports * 2:
        fold.apply(one)
    [first] = build_events(scan())
    assert fold.reports["mitte"]["fitting"].occurred_at == first.occurred_at + latest * MINUTE


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 9)), min_size=1, unique=True))
def test_any_order_leaves_the_same_capacity(times: list[tuple[int, int]]) -> None:
    reports = [report(stated=stated, received=received) for stated, received in times]
    folds = []
    for order in (reports, reports[::-1]):
        fold = CapacityFold()
        for one in order:
            fold.apply(one)
        found = fold.reports["mitte"]["fitting"]
        folds.append((found.occurred_at, min(found.occurred_at, found.received_at)))
    assert folds[0] == folds[1]
