"""What a bench does with Kafka from outside: make topics, fill them, time what comes out, read it back."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.topics import PARTITIONS
from tests.bench.contenders.sending import Row, send_rows
from tests.bench.figures import ranged
from tests.bench.ground import NotMeasured, Process
from tests.bench.machine import cpu_s

LOOK_S = 0.02
WARM = 0.1
"""Share of the rows after which the clock starts: what comes before is start and first fetch."""
REST_S = 1.5
AT_ONCE = 5_000


@dataclass(frozen=True)
class Pace:
    """Rows a second, and CPU time of the process for one row in microseconds."""

    rows_per_s: float
    cpu_us: float


def cpu_note(paces: Sequence[Pace]) -> str:
    return f"{ranged([pace.cpu_us for pace in paces])} µs of CPU an event"


async def make_topics(bootstrap: str, *names: str, **settings: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=settings) for name in names])
    finally:
        await admin.close()
    async with reader(bootstrap) as consumer:
        await ends(consumer, *names)


async def fill(bootstrap: str, topic: str, partitions: Sequence[Sequence[Row]]) -> None:
    """Writes rows, a list for each partition; returns when all are acknowledged."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_batch_size=512 << 10, max_request_size=2 << 20
    )
    await producer.start()
    try:
        for number, rows in enumerate(partitions):
            for at in range(0, len(rows), AT_ONCE):
                sent = await send_rows(producer, topic, number, list(rows[at : at + AT_ONCE]))
                await asyncio.gather(*sent)
    finally:
        await producer.stop()


@asynccontextmanager
async def reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def ends(consumer: AIOKafkaConsumer, *topics: str) -> int:
    """Records that the topics hold together."""
    places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
    return sum((await consumer.end_offsets(places)).values())


async def pace(
    bootstrap: str, topic: str, rows: int, process: Process, aftermath: Sequence[str] = (), timeout_s: float = 120
) -> Pace:
    """Watches a topic until it has so many rows more than now, from outside, the same for every contender.

    :param aftermath: topics that grow while the rows still make work. It counts, until they have not grown for a
        while: else it would be left to whoever is measured next.
    """
    points: list[tuple[float, int, float]] = []
    grown = (0, 0)
    async with reader(bootstrap) as consumer:
        before = await ends(consumer, topic)
        until = time.monotonic() + timeout_s
        while True:
            process.check()
            count = await ends(consumer, topic) - before
            seen = count, await ends(consumer, *aftermath) if aftermath else 0
            now = time.monotonic()
            if count >= rows * WARM and seen != grown:
                grown = seen
                points.append((now, count, cpu_s(process.pid)))
            if count >= rows and now - points[-1][0] >= (REST_S if aftermath else 0):
                break
            if now > until:
                raise NotMeasured(f"{count} of {rows} rows in {timeout_s:g} s:\n{process.log[-1500:]}")
            await asyncio.sleep(LOOK_S)
    first, last = points[0], points[-1]
    if last[1] == first[1]:
        raise NotMeasured(f"all {rows} rows came between two looks: take more")
    count = last[1] - first[1]
    return Pace(count / (last[0] - first[0]), (last[2] - first[2]) / count * 1e6)


async def read(bootstrap: str, topic: str) -> list[Any]:
    """Every record that the topic has now."""
    async with reader(bootstrap) as consumer:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        last = await consumer.end_offsets(places)
        records: list[Any] = []
        while [place for place in places if await consumer.position(place) < last[place]]:
            for run in (await consumer.getmany(timeout_ms=200, max_records=20_000)).values():
                records += run
        return records


def spread(rows: Iterable[tuple[int, Row]]) -> list[list[Row]]:
    """Rows by the partition that each is given with."""
    partitions: list[list[Row]] = [[] for _ in range(PARTITIONS)]
    for number, row in rows:
        partitions[number].append(row)
    return partitions
