"""Reads one Kafka partition from its end: the records that are written from now on.

aiokafka's consumer is made for groups, many partitions and commits; for one partition its path from the broker's
response to the reader costs several times what the records do. So its client is used directly.
"""

from collections.abc import Iterator

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import CorruptRecordException, LeaderNotAvailableError, NoError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords

from schemas.kafka.client_options import client_options, rack_of
from schemas.kafka.client_settings import Kafka

MAX_WAIT_MS = 5_000
"""A fetch returns with the first record. Without any it waits so long, well below the client's request timeout."""
MAX_BYTES = 1 << 20
LATEST = -1
ANY_CLIENT = -1
UNCOMMITTED = 0

KeyAndValue = tuple[bytes | None, bytes | None]


class TailReader:
    """A connection to the partition's leader. After an error the caller closes it and makes a new one."""

    def __init__(self, bootstrap: Kafka, partition: TopicPartition) -> None:
        self._client = AIOKafkaClient(**client_options(bootstrap))
        self._rack = rack_of(bootstrap) or ""
        self._partition = partition
        self._offset = 0

    async def start(self) -> None:
        """Finds the end; what is written after the return is read. :raises KafkaError: it cannot be found."""
        await self._client.bootstrap()
        await self._client.add_topic(self._partition.topic)
        topics = [(self._partition.topic, [(self._partition.partition, LATEST)])]
        response = await self._client.send(self._leader(), OffsetRequest(ANY_CLIENT, UNCOMMITTED, topics))
        ((_, ((_, error, *_, self._offset),)),) = response.topics
        _check(error)

    async def read(self) -> list[KeyAndValue]:
        """The next records; none when none came within :data:`MAX_WAIT_MS`. :raises KafkaError: the fetch failed."""
        topics = [(self._partition.topic, [(self._partition.partition, self._offset, MAX_BYTES)])]
        request = FetchRequest(MAX_WAIT_MS, 1, MAX_BYTES, UNCOMMITTED, topics, rack_id=self._rack)
        response = await self._client.send(self._leader(), request)
        ((_, ((_, error, *_, batches),)),) = response.topics
        _check(error)
        return list(self._records(MemoryRecords(batches)))

    async def close(self) -> None:
        await self._client.close()

    def _leader(self) -> int:
        leader: int | None = self._client.cluster.leader_for_partition(self._partition)
        if leader is None or leader == -1:
            raise LeaderNotAvailableError
        return leader

    def _records(self, batches: MemoryRecords) -> Iterator[KeyAndValue]:
        while batches.has_next():
            batch = batches.next_batch()
            if not batch.validate_crc():
                raise CorruptRecordException
            if not batch.is_control_batch:
                for record in batch:
                    if record.offset >= self._offset:  # a broker returns whole batches, also from their middle on
                        yield record.key, record.value
            self._offset = batch.next_offset


def _check(code: int) -> None:
    error = for_code(code)
    if error is not NoError:
        raise error
