"""The benches' own access to Kafka: create and fill topics, measure throughput from outside, read records back."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.topics import PARTITIONS
from tests.bench.baselines.row_batches import Row, send_rows
from tests.bench.figures import format_range
from tests.bench.machine import cpu_s
from tests.bench.process import NotMeasured, Process

POLL_S = 0.02
WARM_UP_SHARE = 0.1
"""Share of the rows after which the clock starts: start-up and the first fetch come before."""
IDLE_S = 1.5
"""Follow-up topics that have not grown for so long are complete."""
ROWS_IN_FLIGHT = 5_000


@dataclass(frozen=True)
class Throughput:
    """Rows per second, and CPU time of the process per row in microseconds."""

    rows_per_s: float
    cpu_us: float


def cpu_note(measured: Sequence[Throughput]) -> str:
    return f"{format_range([one.cpu_us for one in measured])} µs of CPU an event"


async def create_topics(bootstrap: str, *names: str, **settings: str) -> None:
    """Creates the topics; returns when the brokers know them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=settings) for name in names])
    finally:
        await admin.close()
    async with open_consumer(bootstrap) as consumer:
        await count_records(consumer, *names)


async def fill_topic(bootstrap: str, topic: str, partitions: Sequence[Sequence[Row]]) -> None:
    """Writes rows, a list for each partition; returns when all are acknowledged."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_batch_size=512 << 10, max_request_size=2 << 20
    )
    await producer.start()
    try:
        for number, rows in enumerate(partitions):
            for at in range(0, len(rows), ROWS_IN_FLIGHT):
                sent = await send_rows(producer, topic, number, list(rows[at : at + ROWS_IN_FLIGHT]))
                await asyncio.gather(*sent)
    finally:
        await producer.stop()


@asynccontextmanager
async def open_consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group and without assigned partitions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def count_records(consumer: AIOKafkaConsumer, *topics: str) -> int:
    """The sum of the end offsets of the topics."""
    partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
    return sum((await consumer.end_offsets(partitions)).values())


async def measure_throughput(
    bootstrap: str, topic: str, rows: int, process: Process, follow_up: Sequence[str] = (), timeout_s: float = 120
) -> Throughput:
    """Polls a topic's end offsets until it has ``rows`` more records than now; the same way for every program.

    :param follow_up: topics that grow while the rows still cause work. The clock runs until they have not grown for
        ``IDLE_S``; otherwise that work would count for the program that is measured next.
    """
    points: list[tuple[float, int, float]] = []
    previous = (0, 0)
    async with open_consumer(bootstrap) as consumer:
        before = await count_records(consumer, topic)
        until = time.monotonic() + timeout_s
        while True:
            process.check()
            count = await count_records(consumer, topic) - before
            current = count, await count_records(consumer, *follow_up) if follow_up else 0
            now = time.monotonic()
            if count >= rows * WARM_UP_SHARE and current != previous:
                previous = current
                points.append((now, count, cpu_s(process.pid)))
            if count >= rows and now - points[-1][0] >= (IDLE_S if follow_up else 0):
                break
            if now > until:
                raise NotMeasured(f"{count} of {rows} rows in {timeout_s:g} s:\n{process.log[-1500:]}")
            await asyncio.sleep(POLL_S)
    first, last = points[0], points[-1]
    if last[1] == first[1]:
        raise NotMeasured(f"all {rows} rows came between two polls: use more rows")
    count = last[1] - first[1]
    return Throughput(count / (last[0] - first[0]), (last[2] - first[2]) / count * 1e6)


async def read_topic(bootstrap: str, topic: str) -> list[Any]:
    """Every record that the topic has now."""
    async with open_consumer(bootstrap) as consumer:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        records: list[Any] = []
        while [tp for tp in partitions if await consumer.position(tp) < ends[tp]]:
            for fetched in (await consumer.getmany(timeout_ms=200, max_records=20_000)).values():
                records += fetched
        return records


def by_partition(rows: Iterable[tuple[int, Row]]) -> list[list[Row]]:
    """Groups rows by the partition number in front of each."""
    partitions: list[list[Row]] = [[] for _ in range(PARTITIONS)]
    for number, row in rows:
        partitions[number].append(row)
    return partitions
