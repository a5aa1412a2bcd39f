"""Batches can be lost between the fetch and the partition; their records are processed all the same, once and in
order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.shell.fetch.gaps import FetchedBatch, FetchPositions, GapDetector

TOPIC = "footpath.touchpoint-identified.v1"
TP = (TOPIC, 0)


@dataclass(frozen=True)
class Record:
    offset: int


@dataclass
class Partition:
    """Processes batches as the shell's does, and asks its consumer to fetch missing records again."""

    positions: FetchPositions[tuple[str, int]]
    next: int | None = None
    processed: list[int] = field(default_factory=list)
    rewound_to: int | None = None
    _gaps: GapDetector = field(default_factory=GapDetector)

    def process(self, batch: FetchedBatch) -> None:
        expected = batch.start if self.next is None else self.next
        records = self._gaps.new_records(TOPIC, batch, expected)
        if records is None:
            self._gaps.rewound(TOPIC, self.positions.rewind(TP, expected))
            self.rewound_to = expected
        elif records:
            self.processed += [record.offset for record in records]
            self.next = records[-1].offset + 1


def started(offset: int = 0) -> tuple[FetchPositions[tuple[str, int]], Partition]:
    positions = FetchPositions[tuple[str, int]]()
    positions.start({TP: offset})
    return positions, Partition(positions, offset or None)


def fetch(positions: FetchPositions[tuple[str, int]], *offsets: int) -> FetchedBatch:
    return positions.batches({TP: [Record(offset) for offset in offsets]})[TP]


def test_offsets_that_the_topic_does_not_have_are_no_gap() -> None:
    """A transaction's marker is at 2, an aborted transaction from 5 to 9."""
    positions, partition = started()
    for offsets in ((0, 1), (3, 4), (10,)):
        partition.process(fetch(positions, *offsets))
    assert partition.processed == [0, 1, 3, 4, 10]
    assert partition.rewound_to is None


@pytest.mark.parametrize("start", [0, 7])
def test_a_lost_batch_is_fetched_again_also_when_it_is_the_first(start: int) -> None:
    positions, partition = started(start)
    partition.next = None  # nothing was ever committed: only the consumer knows where it started
    fetch(positions, start, start + 1)  # and is lost
    partition.process(fetch(positions, start + 2))
    assert partition.processed == []
    assert partition.rewound_to == start


def test_a_batch_fetched_before_the_rewind_is_neither_processed_nor_taken_for_another_gap() -> None:
    positions, partition = started()
    fetch(positions, 0, 1)
    early, in_flight = fetch(positions, 2, 3), fetch(positions, 4, 5)
    partition.process(early)
    partition.rewound_to = None
    partition.process(in_flight)
    assert partition.rewound_to is None
    for offsets in ((0, 1, 2), (3, 4, 5)):
        partition.process(fetch(positions, *offsets))
    assert partition.processed == [0, 1, 2, 3, 4, 5]


def test_a_batch_fetched_after_a_rewind_may_be_lost_too() -> None:
    positions, partition = started()
    for _ in range(3):
        fetch(positions, 0, 1)
        partition.process(fetch(positions, 2, 3))
        assert partition.rewound_to == 0
        partition.rewound_to = None
    partition.process(fetch(positions, 0, 1, 2, 3))
    assert partition.processed == [0, 1, 2, 3]


def test_records_fetched_before_the_start_are_left_to_the_fetch_that_starts() -> None:
    positions = FetchPositions[tuple[str, int]]()
    assert positions.batches({TP: [Record(5)]}) == {}
    positions.start({TP: 3})
    assert positions.batches({TP: [Record(5)], ("another", 0): [Record(1)]}) == {TP: FetchedBatch([Record(5)], 3, 3, 0)}


@given(
    log=st.sets(st.integers(0, 40), min_size=1),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=200),
    lost=st.lists(st.booleans(), max_size=60),
    late=st.lists(st.booleans(), max_size=60),
)
def test_whatever_is_lost_or_late_every_record_is_processed_once_and_in_order(
    log: set[int], sizes: Sequence[int], lost: list[bool], late: list[bool]
) -> None:
    """Batches are lost, and fetches go on while others wait; when no batch is lost any more, all are processed."""
    offsets = sorted(log)
    positions, partition = started()
    position, waiting, number = 0, list[FetchedBatch](), 0
    while partition.processed != offsets:
        rest = [offset for offset in offsets if offset >= position]
        assert number < 1000, "it rewinds for ever"
        if rest:
            batch = fetch(positions, *rest[: sizes[number % len(sizes)]])
            position = batch.records[-1].offset + 1
            if not (number < len(lost) and lost[number]):
                waiting.append(batch)
        elif not waiting:  # the last batch was lost, and there is no later one that would reveal it
            positions.start({TP: partition.next or 0})
            position = partition.next or 0
        if not (number < len(late) and late[number]):
            for batch in waiting:
                partition.process(batch)
            waiting = []
            if partition.rewound_to is not None:
                position, partition.rewound_to = partition.rewound_to, None
        number += 1
        assert partition.processed == offsets[: len(partition.processed)]
