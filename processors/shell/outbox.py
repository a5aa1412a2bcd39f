"""Publishes effects: rows grouped by topic and partition, in order. Plain effects are acknowledged by all replicas,
transactional ones are written in the transaction of the state that they follow from."""

from collections import defaultdict
from collections.abc import Iterable

from processors import metrics
from processors.shell.applied_batch import EncodedEffect
from processors.shell.local_delivery import LocalDelivery
from schemas.kafka.producer import BatchProducer, Delivery, Row

Rows = dict[tuple[str, int], list[Row]]
"""By topic and partition, in order."""


class Outbox:
    """Collects the effects of one partition's batch. The task calls `put` for each effect, the partition `flush` after
    the batch and `transactional_rows` for a commit."""

    def __init__(self, processor: str, producer: BatchProducer, local_delivery: LocalDelivery) -> None:
        self._processor = processor
        self._producer = producer
        self._local_delivery = local_delivery
        self._rows: Rows = defaultdict(list)

    def put(self, effect: EncodedEffect) -> None:
        """Takes an effect for the next `flush`. Does not block."""
        self._rows[effect.topic, effect.partition].append(effect.row)

    def transactional_rows(self, effects: Iterable[EncodedEffect]) -> Rows:
        """The rows of effects that a commit has to write in its transaction. Does not block."""
        rows: Rows = defaultdict(list)
        for effect in effects:
            rows[effect.topic, effect.partition].append(effect.row)
        for (topic, _), of_partition in rows.items():
            metrics.EMITTED.labels(self._processor, topic).inc(len(of_partition))
        return rows

    async def flush(self) -> list[Delivery]:
        """Sends what was put; waits only while the producer's buffer is full.

        :returns: the deliveries that a commit has to await.
        """
        rows, self._rows = self._rows, defaultdict(list)
        deliveries: list[Delivery] = []
        for (topic, partition), of_partition in rows.items():
            metrics.EMITTED.labels(self._processor, topic).inc(len(of_partition))
            for delivery in await self._producer.add(topic, partition, of_partition):
                deliveries.append(delivery)
                self._local_delivery.deliver_when_acknowledged(delivery, topic, partition)
        return deliveries
