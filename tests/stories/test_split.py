"""Split: people who were one are several again, and each has their own, whatever happened in between."""

from collections.abc import Callable

import msgspec

from processors.shell.state.records import WINDOW
from tests.support.builders import (
    after,
    build_events,
    enter,
    merged,
    parted,
    purchase,
    returned,
    scan,
)
from tests.support.harness import Harness, balance


def test_an_identity_change_of_a_lower_version_changes_nothing(rewards: Harness) -> None:
    scanned, first, second, late = build_events(scan(), merged("anna", into="ben"), merged("anna", into="cleo"), scan())
    assert rewards.run(scanned, second, first, late) == [
        "anna +5 scanned for scan-1",
        "anna moves to cleo",
        "scan-2 is forwarded to cleo",
        "anna +5 scanned for scan-2",
    ]


def test_a_person_who_was_split_off_has_all_that_is_theirs(rewards: Harness) -> None:
    """What each of them did before, together and after is theirs; a refund stays with its sale."""
    assert rewards.run(
        *build_events(
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
        "anna -2 bought for return-1",
        "ben +5 scanned for scan-2",
        "anna moves to anna",
        "scan-3 is forwarded to anna",
        "ben +5 scanned for scan-3",
        "anna +5 scanned for scan-4",
        "ben +5 scanned for scan-5",
    ]
    assert (balance(rewards, "anna"), balance(rewards, "ben")) == (10 + 6 - 2 + 15, 10)


def test_one_of_three_leaves_and_the_others_stay(rewards: Harness) -> None:
    rewards.run(
        *build_events(
            scan(),
            scan(who="ben"),
            scan(who="cleo"),
            merged("anna", into="cleo"),
            merged("ben", into="cleo"),
            parted("ben", from_="cleo"),
            parted("anna", from_="cleo", to="ben"),
        )
    )
    assert (balance(rewards, "anna"), balance(rewards, "ben"), balance(rewards, "cleo")) == (None, 10, 5)


def test_what_was_booked_on_somebody_elses_sale_is_booked_anew_after_a_split(rewards: Harness) -> None:
    """Bookings are those of the people of now: ben's return without a name never was anna's."""
    sale, merge, back, part, older = build_events(
        purchase("5.00", name="sale-1"),
        merged("anna", into="ben"),
        returned("5.00", who="ben", name="return-1"),
        parted("anna", from_="ben"),
        purchase("5.00", who="ben", name="sale-2"),
    )
    assert rewards.run(sale, merge, back, part) == [
        "anna +10 bought for sale-1",
        "anna moves to ben",
        "anna -10 bought for return-1",
        "anna moves to anna",
        "anna +10 bought for sale-1",
    ]
    rewards.run(msgspec.structs.replace(older, occurred_at=0))
    assert (balance(rewards, "anna"), balance(rewards, "ben")) == (10, 0)
    rewards.apply(
        *build_events(*[scan(who="ben", name=f"{n}") for n in range(WINDOW)])
    )  # the window forgets the return
    assert rewards.apply(back) == []
    assert (balance(rewards, "anna"), balance(rewards, "ben")) == (10, 5 * WINDOW)


def test_a_return_that_named_its_sale_stays_with_it_after_a_split(rewards: Harness) -> None:
    rewards.run(
        *build_events(
            purchase("5.00", name="sale-1"),
            merged("anna", into="ben"),
            returned("5.00", of="sale-1", who="ben"),
            parted("anna", from_="ben"),
        )
    )
    assert (balance(rewards, "anna"), balance(rewards, "ben")) == (0, None)


def test_store_visits_and_purchases_are_split(context: Callable[..., Harness], rewards: Harness) -> None:
    harness = context(rewards.reference)
    harness.run(
        *build_events(
            enter(),
            purchase("1", "KB-1"),
            merged("anna", into="ben"),
            enter(who="ben"),  # anna is there already, so they are
            after("1 day"),
            enter("bar", who="ben"),
            purchase("1", "KB-2", who="ben", store="bar"),
        )
    )
    both = harness.state("ben").whole
    assert (both.visits, both.store, both.bought) == (2, "bar", ("KB-1", "KB-2"))
    [part] = build_events(parted("anna", from_="ben"))
    harness.run(msgspec.structs.replace(part, version=2))
    anna, ben = harness.state("anna").whole, harness.state("ben").whole
    assert (anna.visits, anna.store, anna.bought) == (1, "mitte", ("KB-1",))
    assert (ben.visits, ben.store, ben.bought) == (1, "bar", ("KB-2",))
