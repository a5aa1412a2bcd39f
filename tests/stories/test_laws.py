"""Properties of rewards on random histories: independence of order, duplicates and merges."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.state import Account
from processors.shell.state.records import ERASED, Active, Redirect, StateRecordCodec
from processors.step import Emit
from schemas.events import Event, IdentityChanged, RewardPosted, StateMoved
from tests.support.builders import ANNA, build_events, merged, person, purchase, returned, scan
from tests.support.harness import Harness
from tests.support.histories import BOTH, amounts, arrivals, lawful, purchases, stories
from tests.support.reference import BOUGHT, SCANNED, THANKS, reference

REFERENCE = reference(rewards=(SCANNED, BOUGHT, THANKS))


def ledger(harness: Harness, events: Sequence[Event]) -> dict[str, RewardPosted]:
    """Entries by id after the events; one id never stands for two contents."""
    entries: dict[str, RewardPosted] = {}
    for event in events:
        now = harness.apply(event)
        for effect in (*now, *harness.deliver(now)):
            if isinstance(effect, Emit) and isinstance(effect.event, RewardPosted):
                assert entries.setdefault(effect.event.event_id, effect.event) == effect.event
    return entries


def balance(harness: Harness, *who: str) -> int:
    return sum(account.balance for one in who if (account := harness.state(one)) is not None)


def by_rule(entries: dict[str, RewardPosted]) -> Counter[str]:
    points: Counter[str] = Counter()
    for entry in entries.values():
        points[entry.rule] += entry.points
    return points


@lawful
@given(st.data())
def test_any_order_with_duplicates_gives_the_same_balance(data: st.DataObject) -> None:
    """Returns that name their sale: the points of every rule are the same in the end, whatever came first."""
    events = data.draw(stories())
    straight, mixed = Harness(REWARDS, REFERENCE), Harness(REWARDS, REFERENCE)
    first, second = ledger(straight, events), ledger(mixed, data.draw(arrivals(events)))
    assert +by_rule(first) == +by_rule(second)
    assert balance(straight, ANNA) == balance(mixed, ANNA) == sum(e.points for e in second.values()) >= 0


@lawful
@given(st.data())
def test_any_order_with_duplicates_gives_the_same_ledger(data: st.DataObject) -> None:
    """Entry by entry, as long as no sale has two returns, or a larger one. With more, what comes last takes what is
    left: the sum is the same, its parts may be split otherwise."""
    events = data.draw(stories(returns_of_a_sale=1))
    assert ledger(Harness(REWARDS, REFERENCE), events) == ledger(
        Harness(REWARDS, REFERENCE), data.draw(arrivals(events))
    )


@lawful
@given(st.data())
def test_returns_without_a_name_take_back_once_what_one_sale_earned(data: st.DataObject) -> None:
    """When one sale alone can be meant and covers them all, order does not matter; otherwise the latest that fits is
    taken."""
    cents = data.draw(st.lists(st.integers(0, 900), min_size=1, max_size=3))
    events = build_events(
        scan(), purchase("30.00", name="sale-1"), *[returned(f"{c // 100}.{c % 100:02}") for c in cents]
    )
    straight, mixed = Harness(REWARDS, REFERENCE), Harness(REWARDS, REFERENCE)
    first, second = ledger(straight, events), ledger(mixed, data.draw(arrivals(events)))
    assert +by_rule(first) == +by_rule(second)
    assert balance(straight, ANNA) == balance(mixed, ANNA)


@lawful
@given(st.data())
def test_unnamed_returns_give_the_same_balance_in_any_order(data: st.DataObject) -> None:
    """Also where a late sale moves the booking of a return, and where two people are merged."""
    events = data.draw(purchases(who=BOTH))
    merge = build_events(merged("ben", into="anna"))
    straight, mixed = Harness(REWARDS, REFERENCE), Harness(REWARDS, REFERENCE)
    first = ledger(straight, [*events, *merge])
    second = ledger(mixed, data.draw(arrivals([*events, *merge])))
    assert +by_rule(first) == +by_rule(second)
    assert balance(straight, ANNA) == balance(mixed, ANNA) == sum(entry.points for entry in second.values())
    states = [harness.state(ANNA) or Account() for harness in (straight, mixed)]
    assert states[0].histories == states[1].histories


@lawful
@given(st.data())
def test_returns_without_a_name_never_take_more_than_was_paid(data: st.DataObject) -> None:
    sales = [purchase(data.draw(amounts), name=f"sale-{n}") for n in range(3)]
    events = build_events(*sales, *[returned(data.draw(amounts)) for _ in range(3)])
    harness = Harness(REWARDS, REFERENCE)
    entries = ledger(harness, data.draw(arrivals(events)))
    account = harness.state(ANNA)
    assert account.balance == sum(entry.points for entry in entries.values()) >= 0
    sales = [sale for part in account.parts.values() for sale in part.history.sales.values()]
    assert all(0 <= sum(sale.refunds.values()) <= sale.micros for sale in sales)


@lawful
@given(st.data())
def test_a_merge_at_any_moment_pays_everything_once(data: st.DataObject) -> None:
    """Two people are merged while their events and the transfers between them arrive in any order."""
    events = data.draw(stories(who=BOTH, returns_of_a_sale=1))
    merge = build_events(merged("anna", into="ben"))
    ordered = Harness(REWARDS, REFERENCE)
    expected = ledger(ordered, [*merge, *events])
    arriving = data.draw(arrivals([*events, *merge]))
    unordered, entries, moving = Harness(REWARDS, REFERENCE), {}, []
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    while arriving or moving:
        event = moving.pop(0) if moving and (not arriving or chance.random() < 0.3) else arriving.pop(0)
        for effect in unordered.apply(event):
            if isinstance(effect, Emit) and isinstance(effect.event, RewardPosted):
                assert entries.setdefault(effect.event.event_id, effect.event) == effect.event
            elif isinstance(effect, Emit):
                moving.append(effect.event)
    assert entries == expected
    assert balance(unordered, *BOTH) == balance(ordered, *BOTH) == sum(entry.points for entry in entries.values())


def account(events: Sequence[Any]) -> Account:
    harness = Harness(REWARDS, REFERENCE)
    harness.apply(*events)
    return harness.state(ANNA) or Account()


@lawful
@given(stories(), stories(), st.sampled_from([person(who) for who in BOTH]))
def test_merging_accounts_twice_is_merging_them_once(first: list[Any], second: list[Any], whose: str) -> None:
    winner, loser = (
        account(first),
        account([msgspec.structs.replace(e, event_id=f"other {e.event_id}", source_profile_id=whose) for e in second]),
    )
    once = REWARDS.merge(winner, loser)
    assert once.state is not None
    reversed_points = sum(effect.event.points for effect in once.effects if isinstance(effect, Emit))
    assert once.state.balance == winner.balance + loser.balance + reversed_points
    twice = REWARDS.merge(once.state, loser)
    assert (twice.state, twice.effects) == (once.state, ())
    assert REWARDS.merge(None, loser).state == loser


@lawful
@given(stories(), st.binary(max_size=256), st.text())
def test_a_state_record_is_decoded_from_its_bytes(events: list[Any], seen: bytes, somebody: str) -> None:
    codec = StateRecordCodec(Account)
    where = {somebody: Redirect(7, person(ANNA)), person(ANNA): Redirect(1)}
    for kept in (
        Active(account(events), seen),
        Active(None, seen),
        Active(None, seen, where),
        Active(None, seen, where | {"anna": ERASED}),
    ):
        assert codec.decode(codec.encode(kept)) == kept
        assert codec.encode(codec.decode(codec.encode(kept))) == codec.encode(kept)


@lawful
@given(st.data())
def test_the_ledger_of_a_person_does_not_depend_on_others(data: st.DataObject) -> None:
    """Any interleaving of two people who do not merge gives each the same ledger as alone."""
    events = data.draw(stories(who=BOTH, returns_of_a_sale=0))
    together = ledger(Harness(REWARDS, REFERENCE), events)
    alone: dict[str, RewardPosted] = {}
    for who in BOTH:
        alone |= ledger(Harness(REWARDS, REFERENCE), [e for e in events if e.person_id == person(who)])
    assert together == alone
    assert not any(isinstance(event, StateMoved | IdentityChanged) for event in events)
