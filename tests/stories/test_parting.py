"""People who were one are several again: each has what is theirs, whatever happened in between."""

from collections.abc import Callable

import msgspec

from processors.shell.kept import WINDOW
from tests.stories.stage import Stage
from tests.stories.telling import (
    after,
    enter,
    merged,
    parted,
    purchase,
    returned,
    scan,
    told,
)
from tests.stories.test_moving import points


def test_older_news_of_a_name_than_what_is_known_change_nothing(rewards: Stage) -> None:
    scanned, first, second, late = told(scan(), merged("anna", into="ben"), merged("anna", into="cleo"), scan())
    assert rewards.plays(scanned, second, first, late) == [
        "anna +5 scanned for scan-1",
        "anna moves to cleo",
        "scan-2 goes on to cleo",
        "anna +5 scanned for scan-2",
    ]


def test_somebody_parted_is_whole_again(rewards: Stage) -> None:
    """What each of them did before, together and after is theirs; what was taken back of a sale stays with it."""
    assert rewards.plays(
        *told(
            purchase("5.00", name="sale-1"),
            scan(who="ben"),
            merged("anna", into="ben"),
            purchase("3.00", name="sale-2", known_as="ben"),
            returned("1.00", of="sale-1", who="ben"),
            scan(known_as="ben"),
            parted("anna", from_="ben"),
            scan(known_as="ben"),
            scan(),
            scan(who="ben"),
        )
    ) == [
        "anna +10 bought for sale-1",
        "ben +5 scanned for scan-1",
        "anna moves to ben",
        "ben +6 bought for sale-2",
        "ben -2 bought for return-1",
        "ben +5 scanned for scan-2",
        "anna moves to anna",
        "scan-3 goes on to anna",
        "ben +5 scanned for scan-3",
        "anna +5 scanned for scan-4",
        "ben +5 scanned for scan-5",
    ]
    assert (points(rewards, "anna"), points(rewards, "ben")) == (10 + 6 - 2 + 15, 10)


def test_one_of_three_leaves_and_the_others_stay(rewards: Stage) -> None:
    rewards.plays(
        *told(
            scan(),
            scan(who="ben"),
            scan(who="cleo"),
            merged("anna", into="cleo"),
            merged("ben", into="cleo"),
            parted("ben", from_="cleo"),
            parted("anna", from_="cleo", to="ben"),
        )
    )
    assert (points(rewards, "anna"), points(rewards, "ben"), points(rewards, "cleo")) == (None, 10, 5)


def test_a_return_that_was_taken_back_together_is_known_to_who_brought_it_when_they_part(rewards: Stage) -> None:
    sale, merge, back, part, many = told(
        purchase("5.00", name="sale-1"),
        merged("anna", into="ben"),
        returned("5.00", who="ben", name="return-1"),
        parted("anna", from_="ben"),
        purchase("5.00", who="ben", name="sale-2"),
    )
    rewards.plays(sale, merge, back, part)
    rewards.plays(msgspec.structs.replace(many, occurred_at=0))  # an older sale that the return would fit, too
    rewards.hears(*told(*[scan(who="ben", name=f"{n}") for n in range(WINDOW)]))  # the window forgets the return
    assert rewards.hears(back) == []
    assert (points(rewards, "anna"), points(rewards, "ben")) == (0, 10 + 5 * WINDOW)


def test_whereabouts_and_visits_are_given_back(context: Callable[..., Stage], rewards: Stage) -> None:
    stage = context(rewards.world)
    stage.plays(
        *told(
            enter(),
            purchase("1", "KB-1"),
            merged("anna", into="ben"),
            enter(who="ben"),  # anna is there already, so they are
            after("1 day"),
            enter("bar", who="ben"),
            purchase("1", "KB-2", who="ben", store="bar"),
        )
    )
    both = stage.state("ben").whole
    assert (both.visits, both.store, both.bought) == (2, "bar", ("KB-1", "KB-2"))
    [part] = told(parted("anna", from_="ben"))
    stage.plays(msgspec.structs.replace(part, version=2))
    anna, ben = stage.state("anna").whole, stage.state("ben").whole
    assert (anna.visits, anna.store, anna.bought) == (1, "mitte", ("KB-1",))
    assert (ben.visits, ben.store, ben.bought) == (1, "bar", ("KB-2",))
