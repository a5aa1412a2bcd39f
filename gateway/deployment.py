"""What a gateway has in common with the rest of its deployment. It is checked before anything of this gateway reaches
Kafka; until then, events go to the spool."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from aiokafka.errors import KafkaError

from gateway.reply.pending import PendingReplies
from gateway.reply.probes import Probes
from gateway.settings import Settings, reply_partition
from schemas.codec.avro import Codec
from schemas.events import CouponAnswered, ScanRouted
from schemas.kafka.deployment import check_key
from schemas.kafka.partition_counts import await_count
from schemas.topics import COUPON_ANSWERED, DEPLOYMENT_CONFIGURED, SCAN_ROUTED, TOUCHPOINT_RECORDED

log = logging.getLogger(__name__)
RETRY_AFTER_S = 1.0


class Deployment:
    """Made once; the application runs :meth:`check` and, when it has passed, whatever talks to the stream."""

    def __init__(
        self,
        settings: Settings,
        codec: Codec,
        replies: PendingReplies[ScanRouted],
        probes: Probes,
        coupon_replies: PendingReplies[CouponAnswered],
    ) -> None:
        self._settings = settings
        self._codec = codec
        self._replies = replies
        self._probes = probes
        self._coupon_replies = coupon_replies
        self._passed = asyncio.Event()

    async def check(self) -> None:
        """Waits until Kafka answers and has the topics. :raises OperatorError: a setting contradicts them, or this is
        not the deployment's identifier key."""
        topics = (TOUCHPOINT_RECORDED.name, SCAN_ROUTED.name, COUPON_ANSWERED.name, DEPLOYMENT_CONFIGURED.name)
        count = await await_count(self._settings.kafka, topics, self._settings.partitions)
        await self._check_key()
        self._replies.partition = reply_partition(self._settings, count)
        self._coupon_replies.partition = self._replies.partition
        self._probes.cover(count)
        log.info("replies on partition %d of %d", self._replies.partition, count)
        self._passed.set()

    async def _check_key(self) -> None:
        while True:
            try:
                return await check_key(self._settings.kafka, self._codec, self._settings.identifier_key)
            except (KafkaError, OSError) as error:
                log.warning("the identifier key cannot be compared with the deployment's: %s", type(error).__name__)
            # At random: gateways that start together fence each other.
            await asyncio.sleep(random.uniform(0.1, RETRY_AFTER_S))

    async def after(self, run: Callable[[], Awaitable[None]]) -> None:
        """Runs something once the check has passed."""
        await self._passed.wait()
        await run()
