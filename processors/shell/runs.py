"""Runs of records between a consumer and the partition that takes them, so that none can be lost on the way unseen.

Between a fetch and the desk a run can be dropped: by a rebalance, by Faust, by a seek. Offsets alone do not tell: they
have gaps of their own, where transactions end, where they were aborted and where a topic was compacted. So each run
says which offset its fetch asked for; what does not follow on what was taken is fetched again.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

P = TypeVar("P", bound=Hashable)


class Run(NamedTuple):
    """Records of one topic and partition that were fetched together, at least one.

    ``follows`` is the offset that was asked for: between it and the first record the topic has nothing. ``since`` is
    the one that fetching began with after the last rebalance, and ``rewinds`` says how often it had begun anew since
    the start of the process.
    """

    records: Sequence[Any]
    follows: int
    since: int = 0
    rewinds: int = 0


class Trail(Generic[P]):
    """The consumer's side: which offset comes next in each place, a topic's partition."""

    def __init__(self) -> None:
        self._since: dict[P, int] = {}
        self._next: dict[P, int] = {}
        self._rewinds: Counter[P] = Counter()

    def begin(self, places: Mapping[P, int]) -> None:
        """Fetching begins at these offsets, and nowhere else."""
        self._since = dict(places)
        self._next = dict(places)

    def rewind(self, place: P, offset: int) -> int:
        """Fetching goes on at this offset. :returns: the number of the rewind, which runs from now on have."""
        self._next[place] = offset
        self._rewinds[place] += 1
        return self._rewinds[place]

    def runs(self, fetched: Mapping[P, Sequence[Any]]) -> dict[P, Run]:
        """What was fetched, as runs. Left out is what comes from a place at which fetching has not begun: it will be
        fetched from where it begins."""
        runs = {}
        for place, records in fetched.items():
            if records and place in self._next:
                follows = min(self._next[place], records[0].offset)
                runs[place] = Run(records, follows, self._since[place], self._rewinds[place])
                self._next[place] = records[-1].offset + 1
        return runs


class Follower:
    """The partition's side: what of a run is new, and where something is missing. By topic."""

    def __init__(self) -> None:
        self._asked: dict[str, int] = {}

    def fresh(self, topic: str, run: Run, expected: int) -> Sequence[Any] | None:
        """The records from ``expected`` on; None when some before them are missing and have to be asked for.

        A run that was fetched before they were asked for says nothing new about that: nothing of it is taken.
        """
        if run.follows <= expected:
            if run.records[0].offset >= expected:
                return run.records
            return [record for record in run.records if record.offset >= expected]
        return () if run.rewinds < self._asked.get(topic, 0) else None

    def asked(self, topic: str, rewind: int) -> None:
        """What is missing was asked for with the rewind of this number."""
        self._asked[topic] = rewind
