"""The shell's turn: duplicates, people who turn out to be one, people who are forgotten."""

from collections.abc import Callable
from typing import Any

from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.core import merge, split, step
from processors.shell.kept import WINDOW, Active, Erased, KeptCodec, Place
from processors.step import Emit, Step
from schemas.events import RewardPosted, StateMoved
from schemas.ids import MARK_BYTES, derived
from tests.stories.stage import Stage
from tests.stories.telling import (
    after,
    enter,
    erased,
    merged,
    person,
    purchase,
    returned,
    scan,
    tap,
    told,
    touch,
)
from tests.stories.world import world


def points(stage: Stage, who: str) -> Any:
    account = stage.state(who)
    return None if account is None else account.balance


def test_a_duplicate_changes_nothing(rewards: Stage) -> None:
    [first] = told(scan())
    assert rewards.plays(first, first, first) == [
        "anna +5 scanned for scan-1",
        "dropped: duplicate",
        "dropped: duplicate",
    ]
    assert points(rewards, "anna") == 5


def test_the_window_of_duplicates_is_bounded(rewards: Stage) -> None:
    rewards.hears(*told(*[scan(name=f"scan-{n % 9 + 1}-{n}") for n in range(3 * WINDOW)]))
    assert len(rewards.kept[person("anna")].seen) == WINDOW * MARK_BYTES  # type: ignore[union-attr]


def test_somebody_who_moves_takes_all_along_once(rewards: Stage) -> None:
    scanned, merge = told(scan(), merged("anna", into="ben"))
    rewards.hears(scanned)
    before = rewards.kept[person("anna")]
    effects = rewards.hears(merge)
    assert effects == [
        Emit(
            StateMoved(
                event_id=derived("moved", "rewards", person("anna"), person("anna"), "1"),
                occurred_at=merge.occurred_at,
                processor="rewards",
                winner_person_id=person("ben"),
                loser_person_id=person("anna"),
                state=KeptCodec(rewards.processor.state).encode(before),
                source_event_id=merge.event_id,
                own_person_id=person("anna"),
                version=1,
            ),
            sealed=True,
        )
    ]
    assert rewards.hears(merge) == []
    assert rewards.delivers(effects) == []
    after = rewards.kept[person("anna")]
    assert after == Active(None, before.seen, {person("anna"): Place(1, person("ben"))})  # type: ignore[union-attr]
    assert points(rewards, "ben") == 5


def test_what_comes_late_for_somebody_who_moved_goes_on(rewards: Stage) -> None:
    story = told(scan(), scan(who="ben"), merged("anna", into="ben"), scan(), tap(who="ben"))
    assert rewards.plays(*story) == [
        "anna +5 scanned for scan-1",
        "ben +5 scanned for scan-2",
        "anna moves to ben",
        "scan-3 goes on to ben",
        "anna +5 scanned for scan-3",
        "ben +5 scanned for nfc_tap-1",
    ]
    assert points(rewards, "ben") == 20


def test_a_duplicate_of_before_the_move_is_known_where_it_goes(rewards: Stage) -> None:
    """State and late events travel on one path, so that the memory of duplicates is there first."""
    scanned, merge = told(scan(), merged("anna", into="ben"))
    assert rewards.plays(scanned, merge, scanned) == [
        "anna +5 scanned for scan-1",
        "anna moves to ben",
        "scan-1 goes on to ben",
        "dropped: duplicate",
    ]
    assert points(rewards, "ben") == 5


def test_what_follows_from_an_event_is_the_same_whether_the_merge_came_before_or_after() -> None:
    """Topics have no order among each other, and after a crash they may come in another one: same ids, same bytes."""
    sale, back, merge = told(
        purchase("5.00", name="sale-1"),
        returned("2.00", of="sale-1", who="ben"),
        merged("anna", into="ben"),
    )
    ledgers = []
    for order in (
        (sale, merge, back),
        (merge, sale, back),
        (back, sale, merge),
        (back, merge, sale),
        (sale, back, merge),
    ):
        stage = Stage(REWARDS, world())
        effects = [e for event in order for now in [stage.hears(event)] for e in (*now, *stage.delivers(now))]
        ledgers.append({e.event for e in effects if isinstance(e, Emit) and isinstance(e.event, RewardPosted)})
        assert points(stage, "ben") == 6
    assert all(ledger == ledgers[0] for ledger in ledgers) and len(ledgers[0]) == 2


def test_a_late_event_is_forwarded_by_each_processor_for_itself(rewards: Stage, context: Callable[..., Stage]) -> None:
    """Context may know of a merge before rewards does: if it forwarded on the shared topic, both people would be
    paid."""
    merge, late = told(merged("anna", into="ben"), scan())
    elsewhere = context(rewards.world)
    elsewhere.hears(merge)
    [forwarded] = elsewhere.hears(late)
    assert isinstance(forwarded, Emit) and isinstance(forwarded.event, StateMoved)
    assert rewards.hears(forwarded.event) == []
    assert rewards.plays(late, merge) == ["anna +5 scanned for scan-1", "anna moves to ben"]
    assert points(rewards, "ben") == 5


def test_a_chain_of_moves_ends_where_it_should_with_events_in_flight(rewards: Stage) -> None:
    """anna → ben → cleo, and what is under way arrives in the worst order."""
    scanned, bens, cleos, to_ben, to_cleo, anna_to_cleo, late = told(
        scan(),
        scan(who="ben"),
        scan(who="cleo"),
        merged("anna", into="ben"),
        merged("ben", into="cleo"),
        merged("ben", into="cleo", own="anna"),
        scan(),
    )
    rewards.hears(scanned, bens, cleos)
    first = rewards.hears(to_ben)
    second = rewards.hears(to_cleo, anna_to_cleo)  # before anna's part has reached ben
    third = rewards.hears(late)
    assert rewards.delivers(third) and points(rewards, "cleo") == 10
    rewards.delivers(second)
    rewards.delivers(first)
    assert points(rewards, "cleo") == 20
    assert rewards.state("anna") is None and rewards.state("ben") is None
    assert rewards.plays(scanned, late) == [
        "scan-1 goes on to ben",
        "scan-1 goes on to cleo",
        "dropped: duplicate",
        "scan-4 goes on to ben",
        "scan-4 goes on to cleo",
        "dropped: duplicate",
    ]


def test_nobody_moves_into_themselves(rewards: Stage) -> None:
    assert rewards.plays(*told(scan(), merged("anna", into="anna"), tap())) == [
        "anna +5 scanned for scan-1",
        "anna +5 scanned for nfc_tap-1",
    ]


def test_somebody_unknown_moves_without_luggage(rewards: Stage) -> None:
    assert rewards.plays(*told(merged("anna", into="ben"), scan())) == [
        "anna moves to ben",
        "scan-1 goes on to ben",
        "anna +5 scanned for scan-1",
    ]


def test_a_return_finds_the_sale_of_somebody_who_moved(rewards: Stage) -> None:
    assert rewards.plays(
        *told(
            purchase("5.00", name="sale-1"),
            merged("anna", into="ben"),
            returned("5.00", of="sale-1", who="ben"),
        )
    ) == ["anna +10 bought for sale-1", "anna moves to ben", "ben -10 bought for return-1"]
    assert points(rewards, "ben") == 0


def test_a_return_that_waited_finds_the_sale_that_comes_with_somebody(rewards: Stage) -> None:
    assert rewards.plays(
        *told(
            purchase("5.00", name="sale-1"),
            returned("5.00", of="sale-1", who="ben"),
            merged("anna", into="ben"),
        )
    ) == ["anna +10 bought for sale-1", "anna moves to ben", "ben -10 bought for return-1"]
    assert (points(rewards, "ben"), rewards.state("ben").waiting) == (0, ())


def test_a_return_counts_once_when_a_copy_of_it_comes_along_with_somebody(rewards: Stage) -> None:
    sale, back = told(purchase("5.00", name="sale-1"), returned("2.00", of="sale-1", who="ben"))
    bought = step(None, sale, rewards.world).state
    taken = step(bought, back, rewards.world)
    assert [effect.event.points for effect in taken.effects] == [-4]
    without_ben, _ = split(taken.state, person("ben"))  # what ben brought back is known to his part, which is away
    waiting = step(None, back, rewards.world).state
    together = merge(without_ben, waiting)
    assert together.effects == ()
    assert together.state.waiting == ()
    assert merge(together.state, waiting) == Step(together.state)


def test_somebody_erased_is_not_heard_of_again(rewards: Stage) -> None:
    assert rewards.plays(*told(scan(), erased(), scan(), scan(who="ben"), merged("ben", into="anna"))) == [
        "anna +5 scanned for scan-1",
        "dropped: erased",
        "ben +5 scanned for scan-3",
        "ben moves to anna",
        "dropped: erased",
    ]
    assert rewards.kept[person("anna")] == Erased()


def test_somebody_erased_does_not_move(rewards: Stage) -> None:
    assert rewards.plays(*told(scan(), erased(), merged("anna", into="ben"), scan())) == [
        "anna +5 scanned for scan-1",
        "dropped: erased",
    ]
    assert person("ben") not in rewards.kept


def test_whereabouts_and_visits_move_along(context: Callable[..., Stage], rewards: Stage) -> None:
    stage = context(rewards.world)
    stage.plays(
        *told(
            enter(),
            after("1 day"),
            enter(),
            purchase("1", "KB-1"),
            after("1 day"),
            enter("bar", who="ben"),
            purchase("1", "KB-2", who="ben", store="bar"),
            merged("anna", into="ben"),
            touch("page_view", who="ben"),
        )
    )
    ben = stage.state("ben").whole
    assert (ben.visits, ben.store, ben.bought) == (3, "bar", ("KB-1", "KB-2"))
