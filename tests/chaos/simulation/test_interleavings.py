"""Fault: two owners of a partition end, at any two steps that touch broker or disk, anywhere in a history of five
events; the long form runs every such pair of
steps, the short form every sixth (every 24th where identifiers are joined or people merge), others in each run.
Promise: every outcome passes its scenario's check.

Some 20 s for one pair of fault kinds, with batches of one event and of all; the long form has every pair of kinds and
every batch size.
"""

from itertools import product
from typing import Any, get_args

import pytest

from tests.chaos.simulation.case import Case
from tests.chaos.simulation.faults import FaultKind
from tests.chaos.simulation.interleavings import interleavings
from tests.chaos.simulation.scenarios import ANY_ORDER, JOINED, ORDER_KEPT
from tests.chaos.simulation.schedule import SteadySchedule
from tests.chaos.simulation.sent_again import SENT_AGAIN, sending
from tests.chaos.simulation.shrink import description
from tests.support.builders import build_events, enter, merged, purchase, returned, scan, tap
from tests.support.seeds import draw_seed
from tests.support.workload import as_recorded, with_cards

IDENTITY, CONTEXT, REWARDS = ORDER_KEPT
_, MERGING, _ = ANY_ORDER
HISTORIES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "identity": (
        IDENTITY,
        as_recorded(
            tuple(build_events(scan(name="a"), scan("poster", who="ben"), enter(), scan(name="a"), tap(who="ben")))
        ),
    ),
    "identity with joins": (
        JOINED,
        with_cards(
            18, as_recorded(tuple(build_events(scan(), scan(who="ben"), enter(), enter(who="ben"), tap(who="ben"))))
        ),
    ),
    "context": (CONTEXT, tuple(build_events(scan(name="a"), enter(), scan(name="a"), purchase("3.50", "KB-1"), tap()))),
    "rewards": (
        REWARDS,
        tuple(
            build_events(
                purchase("3.50", name="s"), scan(name="a"), scan(name="a"), returned("2"), returned("1", of="s")
            )
        ),
    ),
    "rewards with merges": (
        MERGING,
        tuple(
            build_events(
                returned("2", of="s", who="cleo"),
                purchase("3.50", name="s"),
                merged("anna", into="ben"),
                scan(who="anna"),
                merged("ben", into="cleo", profile="anna"),
            )
        ),
    ),
    "intake": (
        SENT_AGAIN,
        (
            sending("tills/1", "d"),
            sending("tills/2", "c", order="A-77"),
            sending("tills/1", "cd"),
            sending("tills/3", "c", order="A-77"),
            sending("tills/1", "l", content="2" * 32),
        ),
    ),
}
EVENTS = 5
SHORT_STRIDE = {"identity with joins": 24, "rewards with merges": 24}
"""Where identifiers are joined or people merge, an event has several times as many steps."""
COMMIT_STEPS = 6
"""Steps of a commit, at least: its watermark sent and acknowledged, the transaction ended on both sides, the disk
before and after."""
ALONE, TOGETHER = SteadySchedule(1, True, everything=False), SteadySchedule(5, False, everything=True)
SCHEDULES = (ALONE, TOGETHER, SteadySchedule(1, True, everything=True), SteadySchedule(2, False, everything=False))
KINDS: tuple[tuple[FaultKind, FaultKind], ...] = tuple(product(get_args(FaultKind), repeat=2))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kinds" in metafunc.fixturenames:
        long = metafunc.config.getoption("--long")
        parameters = list(product(KINDS, SCHEDULES)) if long else [(("sleeps", "loses"), TOGETHER)]
        metafunc.parametrize(("kinds", "schedule"), parameters)


def check_interleavings(name: str, stride: int, kinds: tuple[FaultKind, FaultKind], schedule: SteadySchedule) -> int:
    """Runs every ``stride``-th interleaving of the history. :returns: the number of interleavings."""
    scenario, history = HISTORIES[name]
    check, first, count = scenario.check(history), draw_seed() % stride, 0
    for number, (case, run) in enumerate(interleavings(scenario, Case(1, history, partitions=1), kinds, schedule)):
        count += 1
        if number % stride != first:
            continue
        try:
            check(run())
        except AssertionError as error:
            raise AssertionError(f"{error}\n{schedule}\n{description(case)}") from None
    return count


@pytest.fixture
def stride(name: str, long: bool) -> int:
    """Of how many interleavings one is run."""
    return 1 if long else SHORT_STRIDE.get(name, 6)


@pytest.mark.parametrize("name", HISTORIES)
def test_two_crashes_among_events_that_are_committed_one_by_one(name: str, stride: int) -> None:
    # While the first owner is at its n-th event, the second still has that one and all later ones before it.
    least = sum(COMMIT_STEPS * COMMIT_STEPS * (EVENTS - done) for done in range(EVENTS))
    assert check_interleavings(name, stride, ("dies", "sleeps"), ALONE) >= least


@pytest.mark.parametrize("name", HISTORIES)
def test_two_faults_of_any_kind_with_any_batches(
    name: str, stride: int, kinds: tuple[FaultKind, FaultKind], schedule: SteadySchedule
) -> None:
    assert check_interleavings(name, stride, kinds, schedule) >= COMMIT_STEPS * COMMIT_STEPS
