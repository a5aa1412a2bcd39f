"""Gap detection: no batch can be lost between the consumer that fetches it and the partition that processes it.

After the fetch a batch can be dropped by a rebalance, by Faust, or by a seek. Offsets alone do not show that: they have
gaps where transactions end, where transactions were aborted and where a topic was compacted. So each batch carries the
offset that its fetch asked for; a batch that does not follow on the last processed record reveals a lost one before it,
and the partition asks the consumer to fetch from the first missing offset again.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from schemas.process.errors import OperatorError

P = TypeVar("P", bound=Hashable)
"""A topic's partition."""


class FetchedBatch(NamedTuple):
    """Records of one topic partition that were fetched together, at least one, in order.

    ``requested`` is the offset that was asked for: the topic has no records between it and the first one.
    ``start`` is the offset at which fetching began after the last rebalance, ``rewinds`` the number of rewinds of this
    topic partition since the start of the process.
    """

    records: Sequence[Any]
    requested: int
    start: int = 0
    rewinds: int = 0


class OffsetsWentBack(OperatorError):
    """Records came from before the offset that was asked for."""


class FetchPositions(Generic[P]):
    """The consumer's side: the next offset of each topic partition. Called by the consumer, on the event loop."""

    def __init__(self) -> None:
        self._start: dict[P, int] = {}
        self._next: dict[P, int] = {}
        self._rewinds: Counter[P] = Counter()

    def start(self, offsets: Mapping[P, int]) -> None:
        """Fetching starts at these offsets and is limited to their topic partitions; called after each rebalance."""
        self._start = dict(offsets)
        self._next = dict(offsets)

    def rewind(self, tp: P, offset: int) -> int:
        """Fetching goes on at this offset. :returns: the number of the rewind, which later batches carry."""
        self._next[tp] = offset
        self._rewinds[tp] += 1
        return self._rewinds[tp]

    def next(self, tp: P) -> int | None:
        """The offset after the last record that was handed on; None: fetching has not started."""
        return self._next.get(tp)

    def batches(self, fetched: Mapping[P, Sequence[Any]]) -> dict[P, FetchedBatch]:
        """The fetched records as batches, without those of topic partitions at which fetching has not started: they are
        fetched again when it does.

        :raises OffsetsWentBack: the broker has lost records: the offset that was asked for is beyond its end, and the
            client began at the beginning.
        """
        batches = {}
        for tp, records in fetched.items():
            if records and tp in self._next:
                if records[0].offset < self._next[tp]:
                    raise OffsetsWentBack(f"{tp}: offset {self._next[tp]} was asked for, {records[0].offset} came")
                batches[tp] = FetchedBatch(records, self._next[tp], self._start[tp], self._rewinds[tp])
                self._next[tp] = records[-1].offset + 1
        return batches


class GapDetector:
    """The partition's side, by topic. Called by the partition for each batch, before it is processed."""

    def __init__(self) -> None:
        self._last_rewind: dict[str, int] = {}

    def new_records(self, topic: str, batch: FetchedBatch, expected: int) -> Sequence[Any] | None:
        """The records from ``expected`` on; None when earlier ones are missing and have to be fetched again.

        A batch that was fetched before the last rewind is no evidence of another gap: nothing of it is processed, and
        the result is empty.
        """
        if batch.requested <= expected:
            if batch.records[0].offset >= expected:
                return batch.records
            return [record for record in batch.records if record.offset >= expected]
        return () if batch.rewinds < self._last_rewind.get(topic, 0) else None

    def rewound(self, topic: str, rewind: int) -> None:
        """The missing records were asked for with the rewind of this number."""
        self._last_rewind[topic] = rewind
