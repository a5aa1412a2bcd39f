"""Runs can be lost between the fetch and the partition; what is in them is taken all the same, once and in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.shell.runs import Follower, Run, Trail

TOPIC = "footpath.touchpoint-identified.v1"
PLACE = (TOPIC, 0)


@dataclass(frozen=True)
class Record:
    offset: int


@dataclass
class Partition:
    """Takes runs as the shell's does, and asks its consumer again for what is missing."""

    trail: Trail[tuple[str, int]]
    next: int | None = None
    taken: list[int] = field(default_factory=list)
    asked_for: int | None = None
    _follower: Follower = field(default_factory=Follower)

    def take(self, run: Run) -> None:
        expected = run.since if self.next is None else self.next
        fresh = self._follower.fresh(TOPIC, run, expected)
        if fresh is None:
            self._follower.asked(TOPIC, self.trail.rewind(PLACE, expected))
            self.asked_for = expected
        elif fresh:
            self.taken += [record.offset for record in fresh]
            self.next = fresh[-1].offset + 1


def begun(offset: int = 0) -> tuple[Trail[tuple[str, int]], Partition]:
    trail = Trail[tuple[str, int]]()
    trail.begin({PLACE: offset})
    return trail, Partition(trail, offset or None)


def fetch(trail: Trail[tuple[str, int]], *offsets: int) -> Run:
    return trail.runs({PLACE: [Record(offset) for offset in offsets]})[PLACE]


def test_offsets_that_the_topic_does_not_have_are_no_gap() -> None:
    """A transaction's marker stands at 2, an aborted transaction from 5 to 9."""
    trail, partition = begun()
    for offsets in ((0, 1), (3, 4), (10,)):
        partition.take(fetch(trail, *offsets))
    assert partition.taken == [0, 1, 3, 4, 10]
    assert partition.asked_for is None


@pytest.mark.parametrize("begins", [0, 7])
def test_a_lost_run_is_asked_for_also_when_it_is_the_first(begins: int) -> None:
    trail, partition = begun(begins)
    partition.next = None  # nothing was ever committed: only the consumer knows where it began
    fetch(trail, begins, begins + 1)  # and is lost
    partition.take(fetch(trail, begins + 2))
    assert partition.taken == []
    assert partition.asked_for == begins


def test_what_was_fetched_before_the_question_is_neither_taken_nor_asked_about_again() -> None:
    trail, partition = begun()
    fetch(trail, 0, 1)
    early, on_its_way = fetch(trail, 2, 3), fetch(trail, 4, 5)
    partition.take(early)
    partition.asked_for = None
    partition.take(on_its_way)
    assert partition.asked_for is None
    for offsets in ((0, 1, 2), (3, 4, 5)):
        partition.take(fetch(trail, *offsets))
    assert partition.taken == [0, 1, 2, 3, 4, 5]


def test_the_answer_to_a_question_may_be_lost_too() -> None:
    trail, partition = begun()
    for _ in range(3):
        fetch(trail, 0, 1)
        partition.take(fetch(trail, 2, 3))
        assert partition.asked_for == 0
        partition.asked_for = None
    partition.take(fetch(trail, 0, 1, 2, 3))
    assert partition.taken == [0, 1, 2, 3]


def test_what_is_fetched_before_fetching_has_begun_is_left_to_the_fetch_that_begins() -> None:
    trail = Trail[tuple[str, int]]()
    assert trail.runs({PLACE: [Record(5)]}) == {}
    trail.begin({PLACE: 3})
    assert trail.runs({PLACE: [Record(5)], ("another", 0): [Record(1)]}) == {PLACE: Run([Record(5)], 3, 3, 0)}


@given(
    log=st.sets(st.integers(0, 40), min_size=1),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=200),
    lost=st.lists(st.booleans(), max_size=60),
    late=st.lists(st.booleans(), max_size=60),
)
def test_whatever_is_lost_or_comes_late_everything_is_taken_once_and_in_order(
    log: set[int], sizes: Sequence[int], lost: list[bool], late: list[bool]
) -> None:
    """Runs are lost, and fetches go on while others wait; when nothing is lost any more, all is taken."""
    offsets = sorted(log)
    trail, partition = begun()
    position, waiting, number = 0, list[Run](), 0
    while partition.taken != offsets:
        rest = [offset for offset in offsets if offset >= position]
        assert number < 1000, "it asks and asks"
        if rest:
            run = fetch(trail, *rest[: sizes[number % len(sizes)]])
            position = run.records[-1].offset + 1
            if not (number < len(lost) and lost[number]):
                waiting.append(run)
        elif not waiting:  # the last run was lost, and no other comes by which that could be seen
            trail.begin({PLACE: partition.next or 0})
            position = partition.next or 0
        if not (number < len(late) and late[number]):
            for run in waiting:
                partition.take(run)
            waiting = []
            if partition.asked_for is not None:
                position, partition.asked_for = partition.asked_for, None
        number += 1
        assert partition.taken == offsets[: len(partition.taken)]
