"""Rows that share a batch: all arrive, once, in order, at known offsets; a row that cannot be published raises."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, ProducerClosed

from schemas.kafka.producer import BatchProducer, Delivery, Row
from tests.support.hangs import HANG_S
from tests.support.servers import KafkaServer

SMALL_BATCH = 1000


@asynccontextmanager
async def topic_and_producer(kafka: KafkaServer) -> AsyncIterator[tuple[str, AIOKafkaProducer]]:
    topic = f"batches-{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.close()
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap, acks="all", max_batch_size=SMALL_BATCH, max_request_size=10 * SMALL_BATCH
    )
    await producer.start()
    try:
        async with asyncio.timeout(HANG_S):
            yield topic, producer
    finally:
        await producer.stop()


def rows(name: str, count: int) -> list[Row]:
    return [(b"%d" % n, f"{name}-{n}".encode(), [("name", name.encode())]) for n in range(count)]


async def read(kafka: KafkaServer, topic: str, partition: int, count: int) -> list[tuple[int, int, Row]]:
    """Offset, timestamp and content of the first so many records."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition)])
        records = [await consumer.getone() for _ in range(count)]
        assert await consumer.position(TopicPartition(topic, partition)) == count
        return [(r.offset, r.timestamp, (r.key, r.value, list(r.headers))) for r in records]
    finally:
        await consumer.stop()


def delivered(sent: list[Delivery]) -> list[tuple[int, Row]]:
    return [(offset, row) for one in sent for offset, row in enumerate(one.rows, one.offset)]


async def test_all_arrive_in_order_at_their_reported_offsets(kafka: KafkaServer) -> None:
    async with topic_and_producer(kafka) as (topic, producer):
        batches = BatchProducer(producer)
        # Two who share a batch, and one whose rows fill several.
        sent = await batches.add(topic, 1, rows("a", 3)) + await batches.add(topic, 1, rows("b", 2))
        assert sent[0].delivery is sent[1].delivery
        sent += await batches.add(topic, 1, rows("many", 200))
        assert len(sent) > 4, "the rows would not have needed several batches"
        for one in sent:
            await one
        assert all(one.arrived for one in sent)
        came = await read(kafka, topic, 1, 205)
    assert [row for *_, row in came] == rows("a", 3) + rows("b", 2) + rows("many", 200)
    assert delivered(sent) == [(offset, row) for offset, _, row in came]


async def test_two_at_once_do_not_lose_their_order(kafka: KafkaServer) -> None:
    async with topic_and_producer(kafka) as (topic, producer):
        batches = BatchProducer(producer)
        both = await asyncio.gather(*(batches.add(topic, 0, rows(name, 150)) for name in ("left", "right")))
        for sent in both:
            for one in sent:
                await one
        came = [row for *_, row in await read(kafka, topic, 0, 300)]
    for name in ("left", "right"):
        assert [row for row in came if row[2] == [("name", name.encode())]] == rows(name, 150)


async def test_each_row_has_its_time(kafka: KafkaServer) -> None:
    async with topic_and_producer(kafka) as (topic, producer):
        (sent,) = await BatchProducer(producer).add(topic, 0, rows("old", 3), [1_000_000, 3_000_000, 2_000_000])
        await sent
        came = await read(kafka, topic, 0, 3)
    assert [time for _, time, _ in came] == [1_000_000, 3_000_000, 2_000_000]
    assert sent.timestamp == 1_000_000


async def test_who_stops_waiting_leaves_the_others_waiting(kafka: KafkaServer) -> None:
    async with topic_and_producer(kafka) as (topic, producer):
        batches = BatchProducer(producer)
        (first,), (second,) = await batches.add(topic, 0, rows("a", 1)), await batches.add(topic, 0, rows("b", 1))
        leaving = asyncio.ensure_future(_wait_for(first))
        await asyncio.sleep(0)
        leaving.cancel()
        await second
        assert leaving.cancelled()
        assert first.arrived


async def test_what_cannot_go_says_so(kafka: KafkaServer) -> None:
    async with topic_and_producer(kafka) as (topic, producer):
        batches = BatchProducer(producer)
        with pytest.raises(MessageSizeTooLargeError):
            await batches.add(topic, 0, [(b"", bytes(10 * SMALL_BATCH + 1), [])])
        (largest,) = await batches.add(topic, 0, [(b"", bytes(5 * SMALL_BATCH), [])])
        await largest
        with pytest.raises(AssertionError, match="no partition 2"):
            await batches.add(topic, 2, rows("a", 1))
        await producer.stop()
        with pytest.raises(ProducerClosed):
            await batches.add(topic, 0, rows("a", 1))


async def test_a_full_batch_that_cannot_leave_is_not_waited_for_for_ever(kafka: KafkaServer) -> None:
    async with topic_and_producer(kafka) as (topic, producer):
        batches = BatchProducer(producer)
        batches._timeout_s = 0.2
        await batches.partitions(topic)
        producer._sender._muted_partitions.add(TopicPartition(topic, 0))
        with pytest.raises(KafkaTimeoutError):
            await batches.add(topic, 0, rows("many", 200))
        producer._sender._muted_partitions.clear()
        await batches.add(topic, 1, rows("a", 1))  # makes the sender look again


async def _wait_for(sent: Delivery) -> None:
    await sent


async def test_what_is_held_back_for_company_may_be_let_go(kafka: KafkaServer) -> None:
    long_s = 2 * HANG_S
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, linger_ms=int(long_s * 1000))
    async with topic_and_producer(kafka) as (topic, _):
        await producer.start()
        try:
            batches = BatchProducer(producer)
            (held,) = await batches.add(topic, 0, rows("a", 1))
            done, _ = await asyncio.wait({held.delivery}, timeout=0.2)
            assert not done
            batches.send_now()
            await held
        finally:
            batches.send_now()
            await producer.stop()
