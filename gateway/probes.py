"""Can the stream answer? A probe goes the whole way of a scan, through every partition of both hops, and
comes back.
"""

import asyncio
import time
from uuid import uuid4

from gateway.answers import Answers
from gateway.publisher import Publisher
from schemas.events import TouchpointRecorded
from schemas.ids import partition_of, person_of
from schemas.kinds import PROBE

TIMEOUT_S = 2.0
FRESH_S = 5.0


def anchors(partitions: int) -> list[str]:
    """For each partition an anchor that lies in it and whose person lies in it too."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < partitions:
        anchor = f"{PROBE}:{number}"
        partition = partition_of(anchor, partitions)
        if partition == partition_of(person_of(anchor), partitions):
            found.setdefault(partition, anchor)
        number += 1
    return [found[partition] for partition in range(partitions)]


class Probes:
    """Asks the stream; an answer is good for :data:`FRESH_S`, and one round serves all who ask meanwhile."""

    def __init__(self, publisher: Publisher, answers: Answers, partitions: int) -> None:
        self._publisher = publisher
        self._answers = answers
        self._anchors = anchors(partitions)
        self._round: asyncio.Task[bool] | None = None
        self._answered_at = float("-inf")

    async def answered(self) -> bool:
        """Whether probes through all partitions came back, at most five seconds ago."""
        if time.monotonic() - self._answered_at <= FRESH_S:
            return True
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._ask_all())
        return await asyncio.shield(self._round)

    async def _ask_all(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                came_back = all(await asyncio.gather(*(self._ask(anchor) for anchor in self._anchors)))
        except TimeoutError:
            return False
        if came_back:
            self._answered_at = time.monotonic()
        return came_back

    async def _ask(self, anchor: str) -> bool:
        now = time.time_ns() // 1000
        probe = TouchpointRecorded(
            event_id=str(uuid4()),
            type=PROBE,
            occurred_at=now,
            received_at=now,
            source=PROBE,
            anchor=anchor,
            identifiers=(anchor,),
            reply_partition=self._answers.partition,
        )
        answer = self._answers.expect(probe.event_id)
        try:
            if await self._publisher.begin(probe) is None:
                return False
            await answer
            return True
        finally:
            self._answers.forget(probe.event_id)
