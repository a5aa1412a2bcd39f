"""Fault: two owners of a partition end, at any two steps that touch broker or disk, anywhere in a history of five
events; every such pair of steps is played, none left out.
Promise: all of them come out as the untroubled run.

Some 20 s for one way to die, handed over event by event and all at once; the long form has every pair of ways and every
cut.
"""

from itertools import product
from typing import Any, get_args

import pytest

from tests.fire.simulation.broker_twin import Kind
from tests.fire.simulation.case import Case
from tests.fire.simulation.chance import Steady
from tests.fire.simulation.interleavings import interleavings
from tests.fire.simulation.scenarios import ANY_ORDER, JOINED, ORDER_KEPT
from tests.fire.simulation.shrink import story
from tests.fire.simulation.walks import as_recorded, with_cards
from tests.stories.telling import enter, merged, purchase, returned, scan, tap, told

IDENTITY, CONTEXT, REWARDS = ORDER_KEPT
_, MERGING, _ = ANY_ORDER
HISTORIES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "identity": (
        IDENTITY,
        as_recorded(tuple(told(scan(name="a"), scan("poster", who="ben"), enter(), scan(name="a"), tap(who="ben")))),
    ),
    "identity with joins": (
        JOINED,
        with_cards(4, as_recorded(tuple(told(scan(), scan(who="ben"), enter(), enter(who="ben"), tap(who="ben"))))),
    ),
    "context": (CONTEXT, tuple(told(scan(name="a"), enter(), scan(name="a"), purchase("3.50", "KB-1"), tap()))),
    "rewards": (
        REWARDS,
        tuple(told(purchase("3.50", name="s"), scan(name="a"), scan(name="a"), returned("2"), returned("1", of="s"))),
    ),
    "rewards with merges": (
        MERGING,
        tuple(
            told(
                returned("2", of="s", who="cleo"),
                purchase("3.50", name="s"),
                merged("anna", into="ben"),
                scan(who="anna"),
                merged("ben", into="cleo", own="anna"),
            )
        ),
    ),
}
COMMIT_STEPS = 6
"""A commit touches the outside so often at least: its mark sent and acknowledged, the transaction ended on both sides,
the disk before and after."""
ALONE, TOGETHER = Steady(1, True, everything=False), Steady(5, False, everything=True)
CUTS = (ALONE, TOGETHER, Steady(1, True, everything=True), Steady(2, False, everything=False))
WAYS: tuple[tuple[Kind, Kind], ...] = tuple(product(get_args(Kind), repeat=2))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "ways" in metafunc.fixturenames:
        long = metafunc.config.getoption("--long")
        worlds = list(product(WAYS, CUTS)) if long else [(("sleeps", "loses"), TOGETHER)]
        metafunc.parametrize(("ways", "chance"), worlds)


def check_every_interleaving(name: str, ways: tuple[Kind, Kind], chance: Steady) -> int:
    """How many there are."""
    scenario, history = HISTORIES[name]
    law, count = scenario.law(history), 0
    for case, outcome in interleavings(scenario, Case(1, history, partitions=1), ways, chance):
        count += 1
        try:
            law(outcome)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{chance}\n{story(case)}") from None
    return count


@pytest.mark.parametrize("name", HISTORIES)
def test_two_crashes_among_five_events_that_are_committed_one_by_one(name: str) -> None:
    events = len(HISTORIES[name][1])
    assert events == 5
    # While the first owner is at its n-th event, the second still has that one and all later ones before it.
    least = sum(COMMIT_STEPS * COMMIT_STEPS * (events - done) for done in range(events))
    assert check_every_interleaving(name, ("dies", "sleeps"), ALONE) >= least


@pytest.mark.parametrize("name", HISTORIES)
def test_two_crashes_whatever_their_way_and_however_the_events_are_cut(
    name: str, ways: tuple[Kind, Kind], chance: Steady
) -> None:
    assert check_every_interleaving(name, ways, chance) >= COMMIT_STEPS * COMMIT_STEPS
