"""Offsets that the sink's group has committed, and the topics that they belong to."""

import logging
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from schemas.kafka.topic_ids import TopicId

log = logging.getLogger(__name__)


class PositionCheck(ConsumerRebalanceListener):  # type: ignore[misc]
    """Called by the consumer when partitions are assigned: where the committed offset belongs to another topic than the
    one that is there now, the partition is read from its beginning.

    aiokafka 0.14 returns committed offsets without their metadata; private name used: the consumer's coordinator.
    """

    def __init__(self, consumer: AIOKafkaConsumer, ids: Mapping[str, TopicId]) -> None:
        self._consumer = consumer
        self._ids = ids

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing: what was read and not committed is read again by the next owner."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        committed = await self._consumer._coordinator.fetch_committed_offsets(list(assigned))
        foreign = [
            tp for tp, offset in committed.items() if belongs_elsewhere(offset.metadata, self._ids.get(tp.topic))
        ]
        if foreign:
            log.warning("%d partitions are read from their beginning: their topics were made again", len(foreign))
            await self._consumer.seek_to_beginning(*foreign)


def belongs_elsewhere(metadata: str, topic_id: TopicId | None) -> bool:
    """Whether a committed offset is one of another topic. Sinks of earlier versions committed no metadata."""
    return bool(metadata) and topic_id is not None and metadata != str(topic_id)
