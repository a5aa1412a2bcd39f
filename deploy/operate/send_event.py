"""An event of a command as a record of its topic."""

from asyncio import Future
from typing import Any

from aiokafka import AIOKafkaProducer

from schemas.codec.avro import Codec
from schemas.events import Event
from schemas.kafka.partitioner import partition_of


async def send_event(producer: AIOKafkaProducer, codec: Codec, event: Event, partitions: int) -> Future[Any]:
    """Gives an event to the producer; the future is done when Kafka has it. :param partitions: of its topic."""
    topic, key, value, headers = codec.record(event)
    number = partition_of(key.decode(), partitions)
    sent: Future[Any] = await producer.send(topic.name, value, key, partition=number, headers=headers)
    return sent
