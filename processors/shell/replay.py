"""In what order an owner takes what one before it may have taken already: unsealed topics first.

Where keys are no persons, what a key publishes at once follows from its committed state and from unsealed topics alone
(desk.py). Topics have no order among each other; did a replay take news from a sealed one first, it would publish the
same event under the same id in other words: a touchpoint under another name. So sealed topics wait until the others
have been taken as far as anybody can have taken them: to the end that they had when the partition was opened, or
``AHEAD`` offsets beyond the last commit, whatever comes first.
"""

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from processors.shell.runs import Run
from processors.step import Processor
from schemas.topics import BY_NAME

AHEAD = 100_000
"""Offsets that an owner takes of a topic beyond what is committed, at most: so much a crash replays. Many seconds of
work, while a commit takes a fraction of one; and no single run is longer (FOOTPATH_WORKER_BATCH_ROWS)."""
Runs = list[tuple[str, Run]]
"""Of a topic each."""


def first_topics(processor: Processor[Any]) -> list[str]:
    """Topics that come first in a replay, none where the order does not matter. Nobody writes to them in transactions,
    so the last offset before their end is a record's."""
    unsealed = [topic.name for topic in processor.sources if not topic.sealed]
    return unsealed if not processor.by_person and len(unsealed) < len(processor.sources) else []


async def bounds(bootstrap: str, topics: Iterable[str], partition: int) -> dict[str, tuple[int, int]]:
    """The first offset that each topic has there, and its end."""
    places = [TopicPartition(topic, partition) for topic in topics]
    if not places:
        return {}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        first, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    finally:
        await consumer.stop()
    return {place.topic: (first[place], end[place]) for place in places}


class Replay:
    """:param bounds: of the topics that come first; none where nothing has to wait.
    :param committed: the next offset of each topic by the state that there is.
    """

    def __init__(self, bounds: dict[str, tuple[int, int]], committed: dict[str, int]) -> None:
        self._until: dict[str, int] = {}
        self._held: Runs = []
        for topic, (first, end) in bounds.items():
            start = max(first, committed.get(topic, 0))
            if (until := min(end, start + AHEAD)) > start:
                self._until[topic] = until

    def holds(self, topic: str, run: Run) -> bool:
        """Whether this has to wait; then it is kept."""
        if not self._until or not BY_NAME[topic].sealed:
            return False
        self._held.append((topic, run))
        return True

    def released(self, topic: str, following: int) -> Runs:
        """What has waited for a topic to be taken up to ``following``, and need not any more."""
        if topic not in self._until or following < self._until[topic]:
            return []
        del self._until[topic]
        if self._until:
            return []
        held, self._held = self._held, []
        return held
