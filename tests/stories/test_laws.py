"""Laws that hold for any story: order, duplicates and merges do not matter where they must not."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.state import Account
from processors.shell.kept import Active, Erased, KeptCodec, Place
from processors.step import Emit
from schemas.events import Event, IdentityChanged, RewardPosted, StateMoved
from tests.stories.stage import Stage
from tests.stories.telling import (
    ANNA,
    Chapter,
    after,
    merged,
    person,
    purchase,
    returned,
    scan,
    told,
)
from tests.stories.world import BOUGHT, SCANNED, THANKS, world

WORLD = world(rewards=(SCANNED, BOUGHT, THANKS))
BOTH = ("anna", "ben")
lawful = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no broken law."""
amounts = st.integers(0, 3000).map(lambda cents: f"{cents // 100}.{cents % 100:02}")


@st.composite
def stories(draw: st.DrawFn, who: tuple[str, ...] = (ANNA,), returns_of_a_sale: int = 3) -> list[Any]:
    """Scans, sales and returns that name their sale, of somebody or of several; a sale may be returned by another."""
    chapters: list[Chapter] = [scan(who=draw(st.sampled_from(who))) for _ in range(draw(st.integers(0, 3)))]
    for number in range(draw(st.integers(1, 3))):
        chapters.append(purchase(draw(amounts), who=draw(st.sampled_from(who)), name=f"sale-{number}"))
        for _ in range(draw(st.integers(0, returns_of_a_sale))):
            chapters.append(returned(draw(amounts), of=f"sale-{number}", who=draw(st.sampled_from(who))))
        chapters.append(after(draw(st.sampled_from(["1 second", "3 days"]))))
    return told(*chapters)


@st.composite
def arrivals(draw: st.DrawFn, events: Sequence[Any]) -> list[Any]:
    """Any order of the events, some of them repeated."""
    again = draw(st.lists(st.sampled_from(events), max_size=6))
    return draw(st.permutations([*events, *again]))


def ledger(stage: Stage, events: Sequence[Event]) -> dict[str, RewardPosted]:
    """Entries by id after the events; one id never stands for two contents."""
    entries: dict[str, RewardPosted] = {}
    for event in events:
        now = stage.hears(event)
        for effect in (*now, *stage.delivers(now)):
            if isinstance(effect, Emit) and isinstance(effect.event, RewardPosted):
                assert entries.setdefault(effect.event.event_id, effect.event) == effect.event
    return entries


def balance(stage: Stage, *who: str) -> int:
    return sum(account.balance for one in who if (account := stage.state(one)) is not None)


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
    straight, mixed = Stage(REWARDS, WORLD), Stage(REWARDS, WORLD)
    first, second = ledger(straight, events), ledger(mixed, data.draw(arrivals(events)))
    assert +by_rule(first) == +by_rule(second)
    assert balance(straight, ANNA) == balance(mixed, ANNA) == sum(e.points for e in second.values()) >= 0


@lawful
@given(st.data())
def test_any_order_with_duplicates_gives_the_same_ledger(data: st.DataObject) -> None:
    """Entry by entry, as long as no sale has two returns. With more, the one that comes last takes what is left: the
    sum is the same, its parts may be split otherwise."""
    events = data.draw(stories(returns_of_a_sale=1))
    assert ledger(Stage(REWARDS, WORLD), events) == ledger(Stage(REWARDS, WORLD), data.draw(arrivals(events)))


@lawful
@given(st.data())
def test_returns_without_a_name_take_back_once_what_one_sale_earned(data: st.DataObject) -> None:
    """When one sale alone can be meant and covers them all, order does not matter; otherwise the latest that fits is
    taken."""
    cents = data.draw(st.lists(st.integers(0, 900), min_size=1, max_size=3))
    events = told(scan(), purchase("30.00", name="sale-1"), *[returned(f"{c // 100}.{c % 100:02}") for c in cents])
    straight, mixed = Stage(REWARDS, WORLD), Stage(REWARDS, WORLD)
    first, second = ledger(straight, events), ledger(mixed, data.draw(arrivals(events)))
    assert +by_rule(first) == +by_rule(second)
    assert balance(straight, ANNA) == balance(mixed, ANNA)


@lawful
@given(st.data())
def test_returns_without_a_name_never_take_more_than_was_paid(data: st.DataObject) -> None:
    sales = [purchase(data.draw(amounts), name=f"sale-{n}") for n in range(3)]
    events = told(*sales, *[returned(data.draw(amounts)) for _ in range(3)])
    stage = Stage(REWARDS, WORLD)
    entries = ledger(stage, data.draw(arrivals(events)))
    account = stage.state(ANNA)
    assert account.balance == sum(entry.points for entry in entries.values()) >= 0
    assert all(
        0 <= p.returned_micros <= p.amount_micros for part in account.parts.values() for p in part.purchases.values()
    )


@lawful
@given(st.data())
def test_a_merge_at_any_moment_pays_everything_once(data: st.DataObject) -> None:
    """Two people turn out to be one while their events and what moves between them are under way in any order."""
    events = data.draw(stories(who=BOTH, returns_of_a_sale=1))
    merge = told(merged("anna", into="ben"))
    calm = Stage(REWARDS, WORLD)
    expected = ledger(calm, [*merge, *events])
    arriving = data.draw(arrivals([*events, *merge]))
    wild, entries, moving = Stage(REWARDS, WORLD), {}, []
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    while arriving or moving:
        event = moving.pop(0) if moving and (not arriving or chance.random() < 0.3) else arriving.pop(0)
        for effect in wild.hears(event):
            if isinstance(effect, Emit) and isinstance(effect.event, RewardPosted):
                assert entries.setdefault(effect.event.event_id, effect.event) == effect.event
            elif isinstance(effect, Emit):
                moving.append(effect.event)
    assert entries == expected
    assert balance(wild, *BOTH) == balance(calm, *BOTH) == sum(entry.points for entry in entries.values())


def account(events: Sequence[Any]) -> Account:
    stage = Stage(REWARDS, WORLD)
    stage.hears(*events)
    return stage.state(ANNA) or Account()


@lawful
@given(stories(), stories(), st.sampled_from([person(who) for who in BOTH]))
def test_merging_accounts_twice_is_merging_them_once(first: list[Any], second: list[Any], whose: str) -> None:
    winner, loser = (
        account(first),
        account([msgspec.structs.replace(e, event_id=f"other {e.event_id}", own_person_id=whose) for e in second]),
    )
    once = REWARDS.merge(winner, loser)
    assert once.state is not None
    settled = sum(effect.event.points for effect in once.effects if isinstance(effect, Emit))
    assert once.state.balance == winner.balance + loser.balance + settled
    twice = REWARDS.merge(once.state, loser)
    assert (twice.state, twice.effects) == (once.state, ())
    assert REWARDS.merge(None, loser).state == loser


@lawful
@given(stories(), st.binary(max_size=256), st.text())
def test_what_is_kept_comes_back_from_its_bytes(events: list[Any], seen: bytes, somebody: str) -> None:
    codec = KeptCodec(Account)
    where = {somebody: Place(7, person(ANNA)), person(ANNA): Place(1)}
    for kept in (Active(account(events), seen), Active(None, seen), Active(None, seen, where), Erased()):
        assert codec.decode(codec.encode(kept)) == kept
        assert codec.encode(codec.decode(codec.encode(kept))) == codec.encode(kept)


@lawful
@given(st.data())
def test_replies_of_a_person_do_not_depend_on_others(data: st.DataObject) -> None:
    """Any interleaving of two people who do not merge gives each the same ledger as alone."""
    events = data.draw(stories(who=BOTH, returns_of_a_sale=0))
    together = ledger(Stage(REWARDS, WORLD), events)
    alone: dict[str, RewardPosted] = {}
    for who in BOTH:
        alone |= ledger(Stage(REWARDS, WORLD), [e for e in events if e.person_id == person(who)])
    assert together == alone
    assert not any(isinstance(event, StateMoved | IdentityChanged) for event in events)
