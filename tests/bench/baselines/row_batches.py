"""Sends rows to one partition in prebuilt batches, the least work that aiokafka allows.

It does not use the product's own producer, so that a baseline does not change when the product does.
"""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

Headers = list[tuple[str, bytes]]
Row = tuple[bytes, bytes, Headers]


async def send_rows(
    producer: AIOKafkaProducer, topic: str, partition: int, rows: Sequence[Row]
) -> list[asyncio.Future[object]]:
    """Adds the rows to the producer in order; each future is done when the brokers acknowledged its batch."""
    sent: list[asyncio.Future[object]] = []
    batch = producer.create_batch()
    for key, value, headers in rows:
        if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            batch.close()
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                raise ValueError(f"a row for {topic} is larger than a batch may be")
    if batch.record_count():
        batch.close()
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    return sent
