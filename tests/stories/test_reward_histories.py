"""Random histories of a person with several devices: what they earn is what plain loops over all their events say, in
whatever order events, merges and redeliveries come.

Streaks, milestones, caps and tiers are looked at anew after each merge.
"""

from collections import Counter, defaultdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.counters import GRANTS_KEPT, SUMS_KEPT, Days, Grant, Tally
from processors.rewards.state import Account
from processors.rewards.tiers import month_of, tier_of
from processors.shell.state.records import Active, StateRecordCodec
from processors.step import Emit
from schemas.brand.model import Reward, Tier
from schemas.brand.reward_terms import Caps, Milestone, Streak
from schemas.events import RewardPosted, TouchpointIdentified
from tests.support.builders import ANNA, after, at, build_events, merged, person, scan
from tests.support.harness import Harness
from tests.support.histories import lawful
from tests.support.reference import reference

FOREVER, DAY_US = 2**62, 86_400_000_000
OTHERS = ("ben", "cleo")
REVERSE = Caps(over="reverse")
RULES = (
    Reward(id="plain", version=1, on=("scan",), points=3),
    Reward(id="once", version=1, on=("scan",), points=1, once=True, caps=REVERSE),
    Reward(id="visits", version=1, on=("scan",), points=1, milestone=Milestone(visits=3, repeat=True), caps=REVERSE),
    Reward(id="streak", version=1, on=("scan",), points=1, streak=Streak(length=3, grace=1, repeat=True), caps=REVERSE),
    Reward(
        id="weeks", version=1, on=("scan",), points=1, streak=Streak(length=2, every="week", repeat=True), caps=REVERSE
    ),
    Reward(id="caps", version=1, on=("scan",), points=1, caps=Caps(day=2, week=5, ever=11, over="reverse")),
)
TIERS = (Tier(id="gold", points=30, period="rolling_year"), Tier(id="blue", points=9, period="rolling_year"))
REFERENCE = reference(rewards=RULES, tiers=TIERS)
FIRST = build_events(at("2026-02-20T09:00"), scan())[0].occurred_at
scans = st.lists(st.tuples(st.sampled_from((ANNA, *OTHERS)), st.integers(0, 25), st.integers(0, 9)), max_size=20)


def story(scanned: list[tuple[str, int, int]]) -> list[TouchpointIdentified]:
    events = []
    for number, (who, day, hour) in enumerate(scanned):
        local = f"2026-03-{1 + day:02}T{10 + hour:02}:00"
        events += build_events(at(local), scan(who=who, name=f"scan number {number}"))
    return events


def expected(events: list[TouchpointIdentified]) -> dict[str, int]:
    """By rule, of all these events of one person: their clocks are UTC+1 within one day."""
    per_day = Counter(event.occurred_at // DAY_US for event in events)
    days, weeks = sorted(per_day), defaultdict(int)
    for day, count in per_day.items():
        weeks[(day + 3) // 7] += min(2, count)
    return {
        "plain": 3 * len(events),
        "once": min(1, len(events)),
        "visits": len(days) // 3,
        "streak": most_streaks(days, 3, 4),
        "weeks": most_streaks(sorted(weeks), 2, 2),
        "caps": min(11, sum(min(5, count) for count in weeks.values())),
    }


def most_streaks(units: list[int], length: int, span: int) -> int:
    """The most streaks without a unit in common, by trying each unit as the last of one."""
    best = [0]
    for last in range(len(units)):
        first = last - length + 1
        fits = first >= 0 and units[last] - units[first] < span
        best.append(max(best[-1], best[first] + 1 if fits else 0))
    return best[-1]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(scans, st.data())
def test_what_is_earned_is_what_plain_loops_say(scanned: list[tuple[str, int, int]], data: st.DataObject) -> None:
    events = story(scanned)
    harness, ledger = Harness(REWARDS, REFERENCE), dict[str, RewardPosted]()

    def take(effects: list[Any]) -> None:
        for effect in effects:
            if isinstance(effect, Emit) and isinstance(effect.event, RewardPosted):
                assert ledger.setdefault(effect.event.event_id, effect.event) == effect.event

    moves: list[Any] = [*events, *build_events(*(merged(who, into=ANNA) for who in OTHERS))]
    for move in (order := data.draw(st.permutations(moves))):
        for _ in range(data.draw(st.integers(1, 2))):
            came = harness.apply(move)
            take([*came, *harness.deliver(came)])
        if data.draw(st.booleans()):
            take(harness.wake(FOREVER))
    take(harness.wake(FOREVER))
    take([effect for move in order for effect in harness.apply(move)])
    take(harness.wake(FOREVER))
    points = defaultdict[str, int](int)
    for entry in ledger.values():
        points[entry.rule] += entry.points
    wanted = expected(events)
    assert {rule: points[rule] for rule in wanted} == wanted
    account = harness.state(ANNA) or Account()
    assert account.balance == sum(wanted.values())
    for month in (0, 1, 11, 12, 13):
        now = FIRST + month * 31 * DAY_US
        this = month_of(now, "UTC")
        counted = sum(e.points for e in ledger.values() if this - 12 <= month_of(e.occurred_at, "UTC") <= this)
        assert tier_of(account, now, REFERENCE) == ("gold" if counted >= 30 else "blue" if counted >= 9 else "")


grants = st.dictionaries(
    st.integers(1, 200),
    st.builds(Grant, at=st.integers(0, 400), day=st.integers(0, 60), points=st.integers(1, 9)),
    max_size=GRANTS_KEPT,
)


def tally_of(some: dict[int, Grant]) -> Tally:
    tally = Tally()
    for key, grant in some.items():
        tally = tally.with_grant(key, grant)
    return tally


@lawful
@given(grants, grants, grants)
def test_tallies_join_in_any_order_and_as_often_as_you_like(
    one: dict[int, Grant], two: dict[int, Grant], three: dict[int, Grant]
) -> None:
    # The same grant is the same everywhere.
    a, b, c = tally_of(one), tally_of(one | two | one), tally_of({**three, **two, **one})
    assert a.joined(a) == a
    assert a.joined(b) == b.joined(a)
    assert a.joined(b).joined(c) == a.joined(b.joined(c))


@lawful
@given(st.sets(st.integers(0, 4000)), st.sets(st.integers(0, 4000)))
def test_days_are_a_set(one: set[int], two: set[int]) -> None:
    def days(some: set[int]) -> Days:
        found = Days()
        for day in some:
            found = found.with_day(day)
        return found

    assert days(one).joined(days(two)) == days(one | two) == days(two).joined(days(one))
    assert days(one).joined(days(one)) == days(one)


def test_ten_years_of_daily_scans_are_counted_in_a_few_kilobytes() -> None:
    harness = Harness(REWARDS, REFERENCE)
    harness.apply(*(event for day in range(3650) for event in build_events(after(f"{day} days"), scan(name=f"s{day}"))))
    counters = harness.state(ANNA).parts[person(ANNA)].counters
    codec = StateRecordCodec(Account)
    empty = len(codec.encode(Active(Account())))
    [part] = harness.state(ANNA).parts.values()
    assert len(codec.encode(Active(Account({person(ANNA): type(part)(counters=counters)})))) - empty < 16_000
    assert all(len(count.tally.grants) <= GRANTS_KEPT for count in counters.rules.values())
    assert all(len(count.tally.sums) <= SUMS_KEPT + 1 for count in counters.rules.values())
