"""The upper limit of a step from topic to topic: aiokafka forwards every record unchanged."""

import asyncio
import time

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.bench.baselines.count_job import BATCH_ROWS, COMMIT_S, LINGER_MS, Job, read_job
from tests.bench.baselines.row_batches import send_rows


async def run(job: Job) -> None:
    consumer = AIOKafkaConsumer(
        job.source,
        bootstrap_servers=job.kafka,
        group_id=job.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(bootstrap_servers=job.kafka, acks="all", linger_ms=LINGER_MS, max_batch_size=512 << 10)
    await producer.start()
    await consumer.start()
    sent: list[asyncio.Future[object]] = []
    committed = time.monotonic()
    while True:
        for tp, records in (await consumer.getmany(timeout_ms=100, max_records=BATCH_ROWS)).items():
            rows = [(record.key, record.value, list(record.headers)) for record in records]
            sent += await send_rows(producer, job.sink, tp.partition, rows)
        if sent and time.monotonic() - committed >= COMMIT_S:
            await asyncio.gather(*sent)
            await consumer.commit()
            sent, committed = [], time.monotonic()


if __name__ == "__main__":
    uvloop.run(run(read_job()))
