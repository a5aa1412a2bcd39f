"""How many records the processors of touchpoints have not committed yet: what a sender of many events should wait for.

Scans wait behind what an import has put before them, on the same partitions. So the answer to a large batch says how
far the processors are behind, and `footpath import` rests meanwhile.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.kafka.client_options import client_options, consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.topics import TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED, with_prefix

log = logging.getLogger(__name__)
WATCHED: Final = {
    "intake": TOUCHPOINT_RECEIVED,
    "identity": TOUCHPOINT_RECORDED,
    "context": TOUCHPOINT_IDENTIFIED,
    "rewards": TOUCHPOINT_IDENTIFIED,
}
"""The processors whose lag counts, and the topic that brings their work."""
FRESH_S: Final = 0.5
KEPT_S: Final = 10.0
"""So long after the last question the connections to Kafka stay open."""

Offsets = Mapping[TopicPartition, int]


class Backlog:
    """Asks Kafka only while somebody asks here; a failure is an old answer. :param kafka: as in the settings."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._records = 0
        self._asked_s = self._answered_s = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    def records(self) -> int:
        """Records that the processor which is furthest behind has to commit, by the latest answer of Kafka, of half a
        second ago while somebody asks all the time. Does not block."""
        self._asked_s = time.monotonic()
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_while_asked())
        return self._records

    async def close(self) -> None:
        """Ends the questions to Kafka."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _ask_while_asked(self) -> None:
        admin = AIOKafkaAdminClient(**client_options(self._kafka))
        consumer = AIOKafkaConsumer(**consumer_options(self._kafka), enable_auto_commit=False)
        try:
            await admin.start()
            await consumer.start()
            while time.monotonic() - self._asked_s < KEPT_S:
                self._records = await _backlog(admin, consumer)
                await asyncio.sleep(FRESH_S)
        except (KafkaError, OSError) as error:
            log.info("Kafka does not say how far the processors are behind: %s", type(error).__name__)
            await asyncio.sleep(FRESH_S)
        finally:
            self._records = 0
            await consumer.stop()
            await admin.close()


async def _backlog(admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> int:
    names = {topic.name for topic in WATCHED.values()}
    partitions = {name: consumer.partitions_for_topic(name) or set() for name in names}
    if not all(partitions.values()):
        consumer._client.set_topics(names)
        await consumer._client.force_metadata_update()
        partitions = {name: consumer.partitions_for_topic(name) or set() for name in names}
    ends = await consumer.end_offsets([TopicPartition(name, one) for name in names for one in partitions[name]])
    groups = {
        name: {
            tp: one.offset
            for tp, one in (await admin.list_consumer_group_offsets(with_prefix(f"footpath-{name}"))).items()
        }
        for name in WATCHED
    }
    return furthest_behind(ends, groups)


def furthest_behind(ends: Offsets, groups: Mapping[str, Offsets]) -> int:
    """The largest lag of a processor over all partitions of its topic. A group that never committed does not run.

    :param ends: of the topics' partitions. :param groups: committed offsets, by processor.
    """
    return max(
        (
            sum(max(0, end - committed.get(tp, 0)) for tp, end in ends.items() if tp.topic == WATCHED[name].name)
            for name, committed in groups.items()
            if any(tp.topic == WATCHED[name].name and offset > 0 for tp, offset in committed.items())
        ),
        default=0,
    )
