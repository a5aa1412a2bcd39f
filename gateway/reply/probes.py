"""Probes: synthetic scans through every partition of both topics on a scan's way, and back as replies.

They show that the stream can answer; the processors neither store nor reward them.
"""

import asyncio
import time
from uuid import uuid4

from gateway.publish.publisher import Publisher
from gateway.reply.pending import PendingReplies
from schemas.events import ScanRouted, TouchpointRecorded
from schemas.ids import person_of
from schemas.kafka.partitioner import partition_of
from schemas.kinds import PROBE

TIMEOUT_S = 2.0
FRESH_S = 5.0


def probe_identifiers(partitions: int) -> list[str]:
    """For each partition a primary identifier that falls into it and whose person falls into it, too."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < partitions:
        identifier = f"{PROBE}:{number}"
        partition = partition_of(identifier, partitions)
        if partition == partition_of(person_of(identifier), partitions):
            found.setdefault(partition, identifier)
        number += 1
    return [found[partition] for partition in range(partitions)]


class Probes:
    """Sends a round of probes on demand. A success is valid for :data:`FRESH_S`, and concurrent callers share a
    round.
    """

    def __init__(self, publisher: Publisher, replies: PendingReplies[ScanRouted]) -> None:
        self._publisher = publisher
        self._replies = replies
        self._identifiers: list[str] = []
        self._round: asyncio.Task[bool] | None = None
        self._succeeded_at_s = float("-inf")

    def cover(self, partitions: int) -> None:
        """Called once, before the first round. :param partitions: of the topics on a scan's way."""
        self._identifiers = probe_identifiers(partitions)

    async def succeeded(self) -> bool:
        """Whether probes through all partitions came back, at most :data:`FRESH_S` ago. Waits up to
        :data:`TIMEOUT_S` for a round.
        """
        if time.monotonic() - self._succeeded_at_s <= FRESH_S:
            return True
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._probe_all())
        return await asyncio.shield(self._round)

    async def _probe_all(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                succeeded = all(await asyncio.gather(*(self._probe(identifier) for identifier in self._identifiers)))
        except TimeoutError:
            return False
        if succeeded:
            self._succeeded_at_s = time.monotonic()
        return succeeded

    async def _probe(self, identifier: str) -> bool:
        now = time.time_ns() // 1000
        probe = TouchpointRecorded(
            event_id=str(uuid4()),
            type=PROBE,
            occurred_at=now,
            received_at=now,
            source=PROBE,
            primary_identifier=identifier,
            identifiers=(identifier,),
            reply_partition=self._replies.partition,
        )
        reply = self._replies.expect(probe.event_id)
        try:
            if await self._publisher.begin(probe) is None:
                return False
            await reply
            return True
        finally:
            self._replies.forget(probe.event_id)
