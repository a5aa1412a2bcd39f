"""Publishes effects: rows grouped by topic and partition, in order, acknowledged by all replicas; or, sealed, in the
transaction of the state that they follow from."""

from collections import defaultdict
from collections.abc import Iterable

from processors import metrics
from processors.shell.handover import Handover
from processors.step import Emit
from schemas.batches import Batches, Row, Sent
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import partition_of

Rows = dict[tuple[str, int], list[Row]]
"""By topic and partition, in order."""


class Outbox:
    """Collects the events of a batch, then sends them at once. ``flush`` gives the deliveries to wait for."""

    def __init__(self, processor: str, batches: Batches, codec: Codec, partitions: int, handover: Handover) -> None:
        self._processor = processor
        self._batches = batches
        self._codec = codec
        self._partitions = partitions
        self._handover = handover
        self._rows: Rows = defaultdict(list)

    def put(self, event: Event, partition: int | None = None) -> None:
        topic, key, value, headers = self._codec.record(event)
        if partition is None:
            partition = partition_of(key.decode(), self._partitions)
        self._rows[topic.name, partition].append((key, value, headers))

    def sealed(self, effects: Iterable[Emit]) -> Rows:
        """The rows that a commit has to write in its transaction."""
        unsealed, self._rows = self._rows, defaultdict(list)
        for effect in effects:
            self.put(effect.event, effect.partition)
        rows, self._rows = self._rows, unsealed
        for (topic, _), of_partition in rows.items():
            metrics.EMITTED.labels(self._processor, topic).inc(len(of_partition))
        return rows

    async def flush(self) -> list[Sent]:
        rows, self._rows = self._rows, defaultdict(list)
        deliveries: list[Sent] = []
        for (topic, partition), of_partition in rows.items():
            metrics.EMITTED.labels(self._processor, topic).inc(len(of_partition))
            for sent in await self._batches.add(topic, partition, of_partition):
                deliveries.append(sent)
                self._handover.follow(sent, topic, partition)
        return deliveries
