"""The upper limit of the counting job: aiokafka with whole batches, counts in a dict, the same writes as the shell.

Outputs are sent in prebuilt batches; once a second the changelog rows of the changed keys are written, then the offsets
are committed. It has no transactions, no fencing, no restore, no deduplication and no rebalance.
"""

import asyncio
import time

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.bench.baselines.count_job import BATCH_ROWS, COMMIT_S, LINGER_MS, Job, counted, read_job
from tests.bench.baselines.row_batches import Row, send_rows


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
    counts: dict[bytes, int] = {}
    changed: dict[int, set[bytes]] = {}
    sent: list[asyncio.Future[object]] = []
    committed = time.monotonic()
    while True:
        for tp, records in (await consumer.getmany(timeout_ms=100, max_records=BATCH_ROWS)).items():
            rows: list[Row] = []
            for record in records:
                key = record.key
                counts[key] = count = counts.get(key, 0) + 1
                rows.append((key, counted(record.value, count), []))
            changed.setdefault(tp.partition, set()).update(row[0] for row in rows)
            # All topics have equally many partitions, so a key has the same one in each.
            sent += await send_rows(producer, job.sink, tp.partition, rows)
        if time.monotonic() - committed < COMMIT_S:
            continue
        for number, keys in changed.items():
            sent += await send_rows(
                producer, f"{job.sink}-changelog", number, [(key, b"%d" % counts[key], []) for key in keys]
            )
        await asyncio.gather(*sent)
        if changed:
            await consumer.commit()
        changed, sent, committed = {}, [], time.monotonic()


if __name__ == "__main__":
    uvloop.run(run(read_job()))
