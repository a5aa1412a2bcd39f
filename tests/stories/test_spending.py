"""Points are spent from what expires first, given back once, adjusted and transferred."""

import msgspec
import pytest

from processors.rewards.ledger import spendable
from schemas.brand.model import Loyalty, Reward
from tests.stories.test_lots import MONTHS, TWO_DAYS, entries, left
from tests.support.builders import (
    ANNA,
    after,
    build_events,
    merged,
    parted,
    person,
    points,
    purchase,
    returned,
    scan,
)
from tests.support.harness import Harness, balance, sentence
from tests.support.reference import SCANNED, reference

OWING = msgspec.structs.replace(TWO_DAYS, below_zero=True)
BEN = "ben"


@pytest.fixture
def twice(rewards: Harness) -> Harness:
    rewards.reference = reference(loyalty=(MONTHS,))
    return rewards


def test_what_expires_first_is_spent_first_over_all_of_the_person(twice: Harness) -> None:
    events = build_events(
        scan(), merged(BEN, into=ANNA), scan(who=BEN),
        after("40 days"), scan(name="scan-3"), points("spent", 12),
    )  # fmt: skip
    assert twice.run(*events)[-3:] == [
        "anna -5 of 2027-03-31 spent for points_spent-1",
        "ben -5 of 2027-03-31 spent for points_spent-1",
        "anna -2 of 2027-04-30 spent for points_spent-1",
    ]
    assert left(twice) == {"2027-03-31T22:00:00Z": 0, "2027-04-30T22:00:00Z": 3}


def test_a_redemption_takes_all_or_nothing_and_says_what_is_left(twice: Harness) -> None:
    scanned, much, little = build_events(scan(), points("spent", 6), points("spent", 4))
    twice.apply(scanned)
    [refused] = entries(twice.apply(much))
    assert (refused.kind, refused.points, refused.reason, refused.balance) == ("refused", 0, "not_enough", 5)
    [spent] = entries(twice.apply(little))
    assert (spent.kind, spent.points, spent.balance, spent.person_id) == ("spent", -4, 1, person(ANNA))
    assert balance(twice, ANNA) == 1
    # Asked again, also when there would be enough by now, it is answered as at first.
    again = [msgspec.structs.replace(one, revision=1) for one in (much, little)]
    twice.apply(*build_events(scan(name="more")))
    assert entries(twice.apply(*again)) == [refused, spent]
    assert balance(twice, ANNA) == 6


def test_pending_points_cannot_be_spent(rewards: Harness) -> None:
    rewards.reference = reference(loyalty=(Loyalty(id="points", zone="UTC", active_after=14),))
    events = build_events(scan(), points("spent", 5), after("14 days"), points("spent", 5))
    assert rewards.run(*events)[1:] == [
        "anna is refused points_spent-1: not_enough",
        "anna -5 spent for points_spent-2",
    ]


def test_points_come_back_once_to_their_lots(twice: Harness) -> None:
    events = build_events(
        scan(), after("40 days"), scan(), points("spent", 7, name="points_spent-1"),
        points("returned", 3, redemption_id=own("points_spent-1")),
        points("returned", 0, redemption_id=own("points_spent-1")),
        points("returned", 0, redemption_id=own("points_spent-1")),
        points("returned", 1, redemption_id="another"),
    )  # fmt: skip
    assert twice.run(*events)[4:] == [
        "anna +2 of 2027-04-30 returned for points_returned-1",
        "anna +1 of 2027-03-31 returned for points_returned-1",
        "anna +4 of 2027-03-31 returned for points_returned-2",
        "anna is refused points_returned-3: returned",
        "anna is refused points_returned-4: no_redemption",
    ]
    assert left(twice) == {"2027-03-31T22:00:00Z": 5, "2027-04-30T22:00:00Z": 5}


def own(name: str) -> str:
    [event] = build_events(scan(name=name))
    return str(event.event_id)


def test_what_comes_back_into_an_expired_lot_expires(rewards: Harness) -> None:
    rewards.reference = reference(loyalty=(TWO_DAYS,))
    scanned, spent, back = build_events(
        scan(), points("spent", 5, name="points_spent-1"), after("9 days"),
        points("returned", 0, redemption_id=own("points_spent-1")),
    )  # fmt: skip
    rewards.apply(scanned, spent)
    rewards.wake(back.occurred_at)
    rewards.apply(back)
    assert [sentence(one) for one in rewards.wake(back.occurred_at)] == ["anna -5 expired"]
    assert balance(rewards, ANNA) == 0


@pytest.mark.parametrize(("loyalty", "owed"), [(TWO_DAYS, 0), (OWING, -6)])
def test_points_that_were_spent_are_forgiven_or_owed_as_the_brand_says(
    rewards: Harness, loyalty: Loyalty, owed: int
) -> None:
    rewards.reference = reference(loyalty=(loyalty,))
    sale, spent, back, scanned = build_events(
        purchase("4", name="sale-1"), points("spent", 6), returned("4", of="sale-1"), scan()
    )
    rewards.apply(sale, spent)
    [first, *rest] = entries(rewards.apply(back))
    assert (first.points, first.forgiven) == (-2, 6 + owed)
    assert sum(one.points for one in rest) == owed == balance(rewards, ANNA)
    rewards.apply(scanned)
    assert balance(rewards, ANNA) == 5 + owed
    assert spendable(rewards.state(ANNA), scanned.occurred_at) == max(0, 5 + owed)
    if owed:
        assert left(rewards) == {"2026-03-04T23:00:00Z": 0, "": -1}, "the next points pay what is owed"


def test_other_points_stand_for_those_that_are_spent(rewards: Harness) -> None:
    rewards.reference = reference(loyalty=(TWO_DAYS,))
    sale, spent, scanned, back = build_events(
        purchase("4", name="sale-1"), points("spent", 6), after("1 day"), scan(), returned("4", of="sale-1")
    )
    rewards.apply(sale, spent, scanned)
    taken = entries(rewards.apply(back))
    assert [(one.points, one.lot[:10], one.forgiven) for one in taken] == [(-2, "2026-03-04", 1), (-5, "2026-03-05", 0)]
    assert balance(rewards, ANNA) == 0


def test_points_of_both_are_spent_and_each_takes_its_own_along(twice: Harness) -> None:
    events = build_events(
        scan(), scan(who=BEN), merged(BEN, into=ANNA), points("spent", 7, name="points_spent-1"),
        parted(BEN, from_=ANNA), points("returned", 0, redemption_id=own("points_spent-1")),
    )  # fmt: skip
    twice.run(*events[:-1])
    assert (balance(twice, ANNA), balance(twice, BEN)) == (0, 3)
    twice.run(events[-1])
    assert (balance(twice, ANNA), balance(twice, BEN)) == (7, 3)


def test_an_operator_adjusts_with_a_reason(twice: Harness) -> None:
    plus, minus, much = build_events(
        points("adjusted", 20, reason="sorry"), points("adjusted", -5, reason="a mistake"), points("adjusted", -99)
    )
    [granted] = entries(twice.apply(plus))
    assert (granted.kind, granted.points, granted.reason, granted.lot[:4]) == ("adjusted", 20, "sorry", "2027")
    [taken] = entries(twice.apply(minus))
    assert (taken.kind, taken.points, taken.reason) == ("adjusted", -5, "a mistake")
    assert [one.kind for one in entries(twice.apply(much))] == ["refused"]
    assert balance(twice, ANNA) == 15


def test_a_transfer_leaves_one_and_arrives_at_the_other_with_its_end(twice: Harness) -> None:
    events = build_events(scan(), points("transferred", 3, to=person(BEN), reason="gift"))
    twice.apply(events[0])
    sent = twice.apply(events[1])
    assert [sentence(one) for one in sent] == [
        "anna -3 of 2027-03-31 transferred for points_transferred-1", "3 points go to ben",
    ]  # fmt: skip
    assert all(one.transactional for one in sent)  # type: ignore[union-attr]
    message = sent[-1].event  # type: ignore[union-attr]
    [arrived] = entries(twice.apply(message))
    assert (arrived.points, arrived.lot[:10], arrived.reason) == (3, "2027-03-31", "gift")
    assert twice.apply(msgspec.structs.replace(message)) == twice.apply(message)
    assert (balance(twice, ANNA), balance(twice, BEN)) == (2, 3)
    assert sum(one.points for one in [*entries(sent), arrived]) == 0


def test_a_transfer_follows_whoever_it_goes_to(twice: Harness) -> None:
    events = build_events(scan(), scan(who=BEN), points("transferred", 3, to=person(BEN)), merged(BEN, into="cleo"))
    twice.apply(*events[:2])
    [_, message] = twice.apply(events[2])
    twice.run(events[3])
    twice.deliver(twice.apply(message.event))  # type: ignore[union-attr]
    assert (balance(twice, ANNA), balance(twice, "cleo")) == (2, 8)


def test_properties_that_are_none_change_nothing(twice: Harness) -> None:
    [event] = build_events(points("spent", 5))
    for text in ("{}", "[]", "nonsense", '{"points": "5"}', '{"points": 1e99}'):
        twice.apply(msgspec.structs.replace(event, event_id=text, properties=text))
    assert balance(twice, ANNA) in (None, 0)


def test_all_of_it_replays(twice: Harness) -> None:
    events = build_events(
        purchase("4", name="sale-1"), points("spent", 6, name="points_spent-1"), returned("1", of="sale-1"),
        points("returned", 0, redemption_id=own("points_spent-1")), points("adjusted", 3), scan(),
    )  # fmt: skip
    twice.run(*events)
    twice.replay()


def test_rules_of_a_kind_that_moves_points_earn_nothing(twice: Harness) -> None:
    twice.reference = reference(rewards=(SCANNED, Reward(id="spender", version=1, on=("points_spent",), points=9)))
    assert twice.run(*build_events(scan(), points("spent", 5)))[1:] == ["anna -5 spent for points_spent-1"]
