"""Duplicates and merges, as the shell applies them to the state of a processor."""

from collections.abc import Callable

from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.core import merge, step
from processors.shell.state.records import WINDOW, Active, Redirect, StateRecordCodec
from processors.step import Emit, Step
from schemas.events import RewardPosted, StateMoved
from schemas.ids import HASH64_BYTES, derived
from tests.support.builders import (
    after,
    build_events,
    enter,
    merged,
    person,
    purchase,
    returned,
    scan,
    tap,
    touch,
)
from tests.support.harness import Harness, balance
from tests.support.reference import reference


def waiting(harness: Harness, who: str) -> list[int]:
    """Returns of somebody, by the hash64 of their events, of which something waits for a sale."""
    return [id for part in harness.state(who).parts.values() for id in part.history.waiting]


def test_a_duplicate_changes_nothing(rewards: Harness) -> None:
    [first] = build_events(scan())
    assert rewards.run(first, first, first) == [
        "anna +5 scanned for scan-1",
        "dropped: duplicate",
        "dropped: duplicate",
    ]
    assert balance(rewards, "anna") == 5


def test_the_dedup_window_is_bounded(rewards: Harness) -> None:
    rewards.apply(*build_events(*[scan(name=f"scan-{n % 9 + 1}-{n}") for n in range(3 * WINDOW)]))
    assert len(rewards.records[person("anna")].seen) == WINDOW * HASH64_BYTES  # type: ignore[union-attr]


def test_a_part_is_transferred_once(rewards: Harness) -> None:
    scanned, merge = build_events(scan(), merged("anna", into="ben"))
    rewards.apply(scanned)
    before = rewards.records[person("anna")]
    effects = rewards.apply(merge)
    assert effects == [
        Emit(
            StateMoved(
                event_id=derived("moved", "rewards", person("anna"), person("anna"), "1"),
                occurred_at=merge.occurred_at,
                processor="rewards",
                winner_person_id=person("ben"),
                loser_person_id=person("anna"),
                state=StateRecordCodec(rewards.processor.state).encode(before),
                source_event_id=merge.event_id,
                source_profile_id=person("anna"),
                version=1,
            ),
            transactional=True,
        )
    ]
    assert rewards.apply(merge) == []
    assert rewards.deliver(effects) == []
    after = rewards.records[person("anna")]
    assert after == Active(None, before.seen, {person("anna"): Redirect(1, person("ben"))})  # type: ignore[union-attr]
    assert balance(rewards, "ben") == 5


def test_a_late_event_of_a_transferred_part_is_forwarded(rewards: Harness) -> None:
    story = build_events(scan(), scan(who="ben"), merged("anna", into="ben"), scan(), tap(who="ben"))
    assert rewards.run(*story) == [
        "anna +5 scanned for scan-1",
        "ben +5 scanned for scan-2",
        "anna moves to ben",
        "scan-3 is forwarded to ben",
        "anna +5 scanned for scan-3",
        "ben +5 scanned for nfc_tap-1",
    ]
    assert balance(rewards, "ben") == 20


def test_a_duplicate_from_before_the_transfer_is_known_after_it(rewards: Harness) -> None:
    """State and late events are sent on one topic, in order, so that the dedup window is there first."""
    scanned, merge = build_events(scan(), merged("anna", into="ben"))
    assert rewards.run(scanned, merge, scanned) == [
        "anna +5 scanned for scan-1",
        "anna moves to ben",
        "scan-1 is forwarded to ben",
        "dropped: duplicate",
    ]
    assert balance(rewards, "ben") == 5


def test_what_follows_from_an_event_is_the_same_whether_the_merge_came_before_or_after() -> None:
    """Topics have no order among each other, and a replay may take them in another one: same ids, same bytes."""
    sale, back, merge = build_events(
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
        harness = Harness(REWARDS, reference())
        effects = [e for event in order for now in [harness.apply(event)] for e in (*now, *harness.deliver(now))]
        ledgers.append({e.event for e in effects if isinstance(e, Emit) and isinstance(e.event, RewardPosted)})
        assert balance(harness, "ben") == 6
    assert all(ledger == ledgers[0] for ledger in ledgers) and len(ledgers[0]) == 2


def test_a_late_event_is_forwarded_by_each_processor_for_itself(
    rewards: Harness, context: Callable[..., Harness]
) -> None:
    """Context may take a merge before rewards does: if it forwarded the event on the shared topic, both people would
    earn the points."""
    merge, late = build_events(merged("anna", into="ben"), scan())
    elsewhere = context(rewards.reference)
    elsewhere.apply(merge)
    [forwarded] = elsewhere.apply(late)
    assert isinstance(forwarded, Emit) and isinstance(forwarded.event, StateMoved)
    assert rewards.apply(forwarded.event) == []
    assert rewards.run(late, merge) == ["anna +5 scanned for scan-1", "anna moves to ben"]
    assert balance(rewards, "ben") == 5


def test_a_chain_of_merges_ends_at_the_last_person_with_events_in_flight(rewards: Harness) -> None:
    """anna → ben → cleo, and what is in flight arrives in the worst order."""
    scanned, bens, cleos, to_ben, to_cleo, anna_to_cleo, late = build_events(
        scan(),
        scan(who="ben"),
        scan(who="cleo"),
        merged("anna", into="ben"),
        merged("ben", into="cleo"),
        merged("ben", into="cleo", profile="anna"),
        scan(),
    )
    rewards.apply(scanned, bens, cleos)
    first = rewards.apply(to_ben)
    second = rewards.apply(to_cleo, anna_to_cleo)  # before anna's part has reached ben
    third = rewards.apply(late)
    assert rewards.deliver(third) and balance(rewards, "cleo") == 10
    rewards.deliver(second)
    rewards.deliver(first)
    assert balance(rewards, "cleo") == 20
    assert rewards.state("anna") is None and rewards.state("ben") is None
    assert rewards.run(scanned, late) == [
        "scan-1 is forwarded to ben",
        "scan-1 is forwarded to cleo",
        "dropped: duplicate",
        "scan-4 is forwarded to ben",
        "scan-4 is forwarded to cleo",
        "dropped: duplicate",
    ]


def test_a_merge_into_oneself_changes_nothing(rewards: Harness) -> None:
    assert rewards.run(*build_events(scan(), merged("anna", into="anna"), tap())) == [
        "anna +5 scanned for scan-1",
        "anna +5 scanned for nfc_tap-1",
    ]


def test_an_empty_part_is_transferred_too(rewards: Harness) -> None:
    assert rewards.run(*build_events(merged("anna", into="ben"), scan())) == [
        "anna moves to ben",
        "scan-1 is forwarded to ben",
        "anna +5 scanned for scan-1",
    ]


def test_a_return_is_booked_on_a_sale_that_was_transferred(rewards: Harness) -> None:
    assert rewards.run(
        *build_events(
            purchase("5.00", name="sale-1"),
            merged("anna", into="ben"),
            returned("5.00", of="sale-1", who="ben"),
        )
    ) == ["anna +10 bought for sale-1", "anna moves to ben", "anna -10 bought for return-1"]
    assert balance(rewards, "ben") == 0


def test_a_return_of_somebody_elses_sale_does_not_wait_for_a_merge(rewards: Harness) -> None:
    assert rewards.run(
        *build_events(
            purchase("5.00", name="sale-1"),
            returned("5.00", of="sale-1", who="ben"),
            merged("anna", into="ben"),
        )
    ) == ["anna +10 bought for sale-1", "anna -10 bought for return-1", "anna moves to ben"]
    assert (balance(rewards, "ben"), waiting(rewards, "ben")) == (0, [])


def test_a_return_counts_once_when_a_transfer_brings_a_copy_of_it(rewards: Harness) -> None:
    sale, back = build_events(purchase("5.00", name="sale-1"), returned("2.00", who="ben"))
    bought, waiting = step(None, sale, rewards.reference).state, step(None, back, rewards.reference).state
    assert bought is not None and waiting is not None
    together = merge(bought, waiting)
    assert [effect.event.points for effect in together.effects if isinstance(effect, Emit)] == [-4]
    assert not any(part.history.waiting for part in together.state.parts.values())
    assert merge(together.state, waiting) == Step(together.state)


def test_a_return_that_found_its_sale_follows_it_wherever_it_moved(rewards: Harness) -> None:
    """The sale was made before two merges and a split, and the return arrives last."""
    rewards.run(
        *build_events(
            purchase("5.00", name="sale-1"),
            merged("anna", into="ben"),
            merged("ben", into="cleo", profile="anna"),
            returned("5.00", of="sale-1", who="dora"),
            scan(who="cleo"),
        )
    )
    assert (balance(rewards, "cleo"), balance(rewards, "ben"), balance(rewards, "dora")) == (5, None, None)


def test_whereabouts_and_visits_are_transferred(context: Callable[..., Harness], rewards: Harness) -> None:
    harness = context(rewards.reference)
    harness.run(
        *build_events(
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
    ben = harness.state("ben").whole
    assert (ben.visits, ben.store, ben.bought) == (3, "bar", ("KB-1", "KB-2"))
