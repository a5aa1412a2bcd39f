"""The order in which a new owner processes records that its predecessor may have processed already: topics without
transactions first.

Where keys are not people, the effects that a key publishes before a commit follow from its committed state and from
topics without transactions alone (task.py). Topics have no order among each other; a replay that processed records of a
transactional topic earlier than the first run could publish the same event under the same id with other contents, for
example a touchpoint of another person. So transactional topics wait until the others have been processed as far as any
predecessor can have come: to the end that they had when the partition opened, or ``MAX_UNCOMMITTED`` offsets beyond the
last commit, whichever is lower.
"""

from typing import Any

from processors.shell.fetch.gaps import FetchedBatch
from processors.step import Processor
from schemas.topics import BY_NAME

MAX_UNCOMMITTED = 100_000
"""Offsets of a topic that an owner processes beyond its last commit, at most; a crash replays no more. It is many
seconds of work, while a commit takes a fraction of one, and no batch is longer (FOOTPATH_WORKER_BATCH_ROWS)."""
TopicBatches = list[tuple[str, FetchedBatch]]
"""Batches, each with its topic."""


def first_topics(processor: Processor[Any]) -> list[str]:
    """Topics that are processed first after an opening; none where the order does not matter. They are never written in
    transactions, so the last offset before their end is a record's."""
    first = [topic.name for topic in processor.sources if not topic.transactional]
    if processor.by_person or processor.any_order or len(first) == len(processor.sources):
        return []
    return first


class RecoveryOrder:
    """Called by the partition for each batch.

    :param bounds: of the topics that are processed first; empty where no topic has to wait.
    :param committed: the next offset of each topic by the restored state.
    """

    def __init__(self, bounds: dict[str, tuple[int, int]], committed: dict[str, int]) -> None:
        self._until: dict[str, int] = {}
        self._deferred: TopicBatches = []
        for topic, (first, end) in bounds.items():
            start = max(first, committed.get(topic, 0))
            if (until := min(end, start + MAX_UNCOMMITTED)) > start:
                self._until[topic] = until

    @property
    def is_pending(self) -> bool:
        """Whether topics still come first."""
        return bool(self._until)

    def defers(self, topic: str, batch: FetchedBatch) -> bool:
        """Whether the batch has to wait; then it is stored here until `release`."""
        if not self._until or not BY_NAME[topic].transactional:
            return False
        self._deferred.append((topic, batch))
        return True

    def release(self, topic: str, next_offset: int) -> TopicBatches:
        """The deferred batches that need not wait any more once ``topic`` was processed up to ``next_offset``."""
        if topic not in self._until or next_offset < self._until[topic]:
            return []
        del self._until[topic]
        if self._until:
            return []
        deferred, self._deferred = self._deferred, []
        return deferred
