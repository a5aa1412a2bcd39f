"""aiokafka's consumer without what the sink does not use.

aiokafka 0.14 makes a second object of eleven fields for each record. Private names touched:
PartitionRecords._consumer_record, and the name by which aiokafka's fetcher knows that class.
"""

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer import fetcher


class PlainRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """Hands out the records as they are unpacked: key, value, headers, offset, timestamp."""

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record


def build_plain_consumer(**options: Any) -> AIOKafkaConsumer:
    """A consumer, as every other in this process from now on, whose records do not say where they are from."""
    fetcher.PartitionRecords = PlainRecords
    return AIOKafkaConsumer(**options)
