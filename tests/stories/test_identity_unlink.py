"""Unlink: two identifiers stay with two people, whatever else connects them. Each story in order, mixed and twice."""

from itertools import pairwise, permutations

import pytest

from tests.support.identity.builders import event, linked, unlinked
from tests.support.identity.outcome import Run

CORNERS = ("customer:anna", "email:anna", "device:tablet")


def test_a_third_identifier_does_not_join_what_an_operator_unlinked_and_the_newer_edge_gives_way(run: Run) -> None:
    found = run(
        [
            event(1, "customer:anna", "email:ben"),
            unlinked(5, "customer:anna", "email:ben"),
            event(8, "customer:anna", "device:tablet"),
            event(9, "email:ben", "device:tablet"),
        ]
    )
    assert found.apart("customer:anna", "email:ben")
    assert found.one("customer:anna", "device:tablet")
    assert found.status("email:ben", "device:tablet") == "kept_apart"
    assert found.status("customer:anna", "email:ben") == "unlinked"


def test_two_leaves_of_a_star_are_two_people(run: Run) -> None:
    star = [event(at, "customer:anna", f"device:{at}") for at in range(1, 4)]
    found = run([*star, unlinked(9, "device:1", "device:3")])
    assert found.apart("device:1", "device:3")
    assert found.one("customer:anna", "device:1", "device:2")
    assert found.status("customer:anna", "device:3") == "kept_apart"


@pytest.mark.parametrize("pair", [CORNERS[:2], CORNERS[1:], CORNERS[::2]])
def test_two_corners_of_a_triangle_are_two_people_and_the_third_is_with_the_one_it_knew_first(
    run: Run, pair: tuple[str, str]
) -> None:
    [third] = {*CORNERS} - {*pair}
    for first, second in permutations(pair):
        found = run([event(1, third, first), event(2, third, second), event(3, *pair), unlinked(9, *pair)])
        assert found.apart(*pair) and found.one(third, first)
        assert found.status(third, second) == "kept_apart"


def test_a_long_way_round_does_not_join_them_either(run: Run) -> None:
    way = ["customer:anna", "device:a", "email:x", "device:b", "loyalty:ben"]
    found = run([*(event(at, *each) for at, each in enumerate(pairwise(way))), unlinked(50, way[0], way[-1])])
    assert found.apart(way[0], way[-1])
    assert found.one(*way[:-1])
    assert found.status("loyalty:ben", "device:b") == "kept_apart"


def test_links_by_an_operator_give_way_to_an_unlink_the_later_link_first(run: Run) -> None:
    found = run(
        [
            linked(2, "customer:anna", "device:a"),
            linked(3, "email:ben", "device:a"),
            unlinked(1, "customer:anna", "email:ben"),
        ]
    )
    assert found.apart("customer:anna", "email:ben") and found.one("customer:anna", "device:a")
    assert found.status("email:ben", "device:a") == "kept_apart"


def test_a_revoked_unlink_joins_again_what_gave_way_to_it(run: Run) -> None:
    found = run(
        [
            event(1, "customer:anna", "device:a"),
            event(2, "customer:anna", "device:b"),
            unlinked(5, "device:a", "device:b"),
            linked(6, "device:a", "device:b"),
        ]
    )
    assert found.one("customer:anna", "device:a", "device:b")
    assert found.status("customer:anna", "device:b") == "linked"
