"""From one processor of a process to another without the way back from Kafka.

A record that was published here and acknowledged has a partition and an offset; if the partition's reader is in the
same process, it can have the record at once. It takes it only when it is the very next one: what comes out of order is
left to the fetch, which brings every record anyway, and what was handed over already is old then. So nothing hangs on
the hand-over but time: an answer that a phone waits for saves a fetch.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from schemas.batches import Sent


class Handed(NamedTuple):
    """As much of a Kafka record as a desk needs."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


Take = Callable[[str, Any], None]


class Handover:
    """Who reads what in this process. Readers come and go with their partitions."""

    def __init__(self) -> None:
        self._readers: dict[tuple[str, int], list[Take]] = {}
        self._written: dict[str, bool] = {}

    def read(self, topic: str, partition: int, take: Take) -> None:
        self._readers.setdefault((topic, partition), []).append(take)

    def leave(self, topic: str, partition: int, take: Take) -> None:
        self._readers[topic, partition].remove(take)

    def written_here(self, topic: str, wholly: bool) -> None:
        """Tells whether all that is written to the topic comes from this process."""
        self._written[topic] = wholly

    def brings_all(self, topics: Sequence[str]) -> bool:
        """Whether these topics are written here alone: their readers then need no quick fetch."""
        return all(self._written.get(topic, False) for topic in topics)

    def follow(self, sent: Sent, topic: str, partition: int) -> None:
        """Hands rows over when they are acknowledged."""
        if takers := self._readers.get((topic, partition)):
            sent.delivery.add_done_callback(partial(_hand, takers, topic, sent))


def _hand(takers: Sequence[Take], topic: str, sent: Sent, _: asyncio.Future[Any]) -> None:
    if sent.arrived:
        records = [Handed(offset, sent.timestamp, *row) for offset, row in enumerate(sent.rows, sent.offset)]
        for take in takers:
            take(topic, records)
