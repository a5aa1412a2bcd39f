"""aiokafka's consumer without the record objects that the sink does not need.

aiokafka 0.14 creates a second object of eleven fields for each record. Private names used:
PartitionRecords._consumer_record, and the name by which aiokafka's fetcher refers to that class.
"""

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer import fetcher


class RawRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """Returns the records as they are unpacked: key, value, headers, offset, timestamp."""

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record


def build_raw_consumer(**options: Any) -> AIOKafkaConsumer:
    """A consumer whose records carry no topic and partition; changes every later consumer of this process too."""
    fetcher.PartitionRecords = RawRecords
    return AIOKafkaConsumer(**options)
