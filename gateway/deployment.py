"""What a gateway has in common with the rest of its deployment. It is checked before anything of this gateway reaches
Kafka; until then, events go to the spool."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gateway.reply.pending import PendingReplies
from gateway.reply.probes import Probes
from gateway.settings import Settings, reply_partition
from schemas.kafka.partition_counts import await_count
from schemas.topics import SCAN_ROUTED, TOUCHPOINT_RECORDED

log = logging.getLogger(__name__)


class Deployment:
    """Made once; the application runs :meth:`check` and, when it has passed, whatever talks to the stream."""

    def __init__(self, settings: Settings, replies: PendingReplies, probes: Probes) -> None:
        self._settings = settings
        self._replies = replies
        self._probes = probes
        self._passed = asyncio.Event()

    async def check(self) -> None:
        """Waits until Kafka answers and has the topics. :raises OperatorError: a setting contradicts them."""
        kafka, partitions = self._settings.kafka, self._settings.partitions
        count = await await_count(kafka, (TOUCHPOINT_RECORDED.name, SCAN_ROUTED.name), partitions)
        self._replies.partition = reply_partition(self._settings, count)
        self._probes.cover(count)
        log.info("replies on partition %d of %d", self._replies.partition, count)
        self._passed.set()

    async def after(self, run: Callable[[], Awaitable[None]]) -> None:
        """Runs something once the check has passed."""
        await self._passed.wait()
        await run()
