"""The publisher with a Kafka that refuses topics and records: order, what is kept apart, and what a restart finds."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, UnknownTopicOrPartitionError

from gateway.metrics import Metrics
from gateway.publish.apart import ApartTopics
from gateway.publish.clock import Clock
from gateway.publish.producer import TopicsRefused
from gateway.publish.publisher import Publisher
from gateway.publish.records import Record
from gateway.publish.spool import Spool
from schemas.codec.avro import Codec
from schemas.events import CostReported, Event, StockReported
from schemas.topics import COST_REPORTED, EVENT_REJECTED, STOCK_REPORTED
from tests.support.gateway_process import wait_until
from tests.support.reject_keys import protect, reveal

MB = 1 << 20
LARGEST_BYTES = 2000


class RefusingKafka:
    """Stands for the producer. ``missing`` are topics that it refuses; ``taken`` the records that it has, in order."""

    def __init__(self, cluster: str = "") -> None:
        self.cluster = cluster
        self.missing: set[str] = set()
        self.taken: list[Record] = []
        self._connected = False

    async def connect(self) -> None:
        self._connected = True

    async def close(self) -> None:
        pass

    async def answers(self, timeout_s: float) -> bool:
        return True

    async def produce(self, records: Sequence[Record], timeout_s: float, diagnose: bool = False) -> None:
        if not self._connected:
            raise KafkaError("not connected yet")
        causes: dict[str, BaseException] = {}
        for record in records:
            if record.topic in self.missing:
                causes[record.topic] = UnknownTopicOrPartitionError(record.topic)
            elif len(record.value) > LARGEST_BYTES and record.topic != EVENT_REJECTED.name:
                causes[record.topic] = MessageSizeTooLargeError()
        self.taken += [record for record in records if record.topic not in causes]
        if causes:
            raise TopicsRefused(causes)


class Gateway:
    """A publisher with its spools in a folder, as a process has them."""

    def __init__(self, kafka: RefusingKafka, folder: Path, codec: Codec) -> None:
        producer: Any = kafka
        clock, metrics = Clock(), Metrics()
        self.spool = Spool(folder, MB)
        self.apart = ApartTopics(folder / "apart", MB, producer, clock, 1.0, metrics)
        self.publisher = Publisher(producer, self.spool, self.apart, clock, codec, 1.0, metrics)

    async def start(self) -> "Gateway":
        self._running = asyncio.ensure_future(self.publisher.run())

        async def is_direct() -> bool:
            return self.publisher.direct

        await wait_until(is_direct)
        return self

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.wait([self._running])
        await self.publisher.close()

    async def released(self, topic: str) -> None:
        async def is_released() -> bool:
            return topic not in self.apart

        await wait_until(is_released)


@pytest.fixture
async def kafka() -> AsyncIterator[RefusingKafka]:
    yield RefusingKafka()


def cost(number: int) -> Event:
    own_id = f"cost-{number}"
    return CostReported(
        event_id=own_id, occurred_at=1, campaign="c", amount_micros=number, currency="EUR", received_at=1, source="s"
    )


def stock(number: int, sku: str = "tea") -> Event:
    return StockReported(
        event_id=f"stock-{number}", occurred_at=1, store="mitte", sku=sku, quantity=1, received_at=1, source="s"
    )


def ids(records: Sequence[Record], topic: str) -> list[str]:
    return [dict(record.headers)["event-id"].decode() for record in records if record.topic == topic]


async def test_a_refused_topic_keeps_its_order_and_delays_no_other(kafka: RefusingKafka, tmp_path: Path) -> None:
    gateway = await Gateway(kafka, tmp_path, Codec()).start()
    kafka.missing = {COST_REPORTED.name}
    await gateway.publisher.publish([cost(1), stock(1)])
    for number in range(2, 6):
        await gateway.publisher.publish([cost(number), stock(number)])
    assert ids(kafka.taken, STOCK_REPORTED.name) == [f"stock-{number}" for number in range(1, 6)]
    assert gateway.publisher.direct and "cost-reported" in str(gateway.apart.describe())
    kafka.missing = set()
    publishing = [asyncio.ensure_future(gateway.publisher.publish([cost(number)])) for number in range(6, 60)]
    await gateway.released(COST_REPORTED.name)
    await asyncio.gather(*publishing)
    await gateway.released(COST_REPORTED.name)
    await gateway.publisher.publish([cost(60)])
    assert ids(kafka.taken, COST_REPORTED.name) == [f"cost-{number}" for number in range(1, 61)]
    await gateway.stop()


async def test_a_refused_topic_in_the_spool_does_not_hold_it_up_and_is_found_after_a_restart(
    kafka: RefusingKafka, tmp_path: Path
) -> None:
    kafka.missing = {COST_REPORTED.name}
    gateway = Gateway(kafka, tmp_path, Codec())
    await gateway.publisher.publish([cost(1), stock(1), cost(2)])  # before it is connected: to the spool
    assert not kafka.taken and gateway.spool.pending_bytes
    await gateway.start()
    assert ids(kafka.taken, STOCK_REPORTED.name) == ["stock-1"] and COST_REPORTED.name in gateway.apart
    await gateway.stop()
    again = await Gateway(kafka, tmp_path, Codec()).start()
    assert COST_REPORTED.name in again.apart and STOCK_REPORTED.name not in again.apart
    await again.publisher.publish([cost(3)])
    kafka.missing = set()
    await again.released(COST_REPORTED.name)
    assert ids(kafka.taken, COST_REPORTED.name) == ["cost-1", "cost-2", "cost-3"]
    assert not again.apart.pending_bytes
    await again.stop()
    once_more = Gateway(kafka, tmp_path, Codec())
    assert not once_more.apart.describe(), "what Kafka has is not kept"
    await once_more.publisher.close()


async def test_a_record_that_kafka_refuses_leaves_its_neighbours_alone(kafka: RefusingKafka, tmp_path: Path) -> None:
    gateway = await Gateway(kafka, tmp_path, Codec(protect=protect)).start()
    await gateway.publisher.publish([stock(1), stock(2, sku="x" * 3000), stock(3)])
    await gateway.released(STOCK_REPORTED.name)
    assert set(ids(kafka.taken, STOCK_REPORTED.name)) == {"stock-1", "stock-3"}
    (reject,) = [record for record in kafka.taken if record.topic == EVENT_REJECTED.name]
    event = Codec().of(EVENT_REJECTED).decode(reject.value)
    assert (event.reason, event.source_event_id, event.topic) == ("unpublished", "stock-2", STOCK_REPORTED.name)
    assert b"x" * 3000 in reveal(event.raw)
    await gateway.stop()


async def test_a_spool_of_another_kafka_is_drained_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Acknowledged is acknowledged, also where the cluster was lost meanwhile."""
    codec = Codec(protect=protect)
    old = RefusingKafka("old-cluster")
    before = await Gateway(old, tmp_path, codec).start()
    await before.publisher.publish([cost(1)])
    await before.stop()
    away = Gateway(RefusingKafka(), tmp_path, codec)
    await away.publisher.publish([cost(2)])
    await away.publisher.close()
    for times in (1, 2):
        new = RefusingKafka("new-cluster")
        after = await Gateway(new, tmp_path, codec).start()
        assert len(new.taken) == (1 if times == 1 else 0)
        await after.stop()
    told = [record for record in caplog.messages if "old-cluster" in record]
    assert len(told) == 1 and "go to new-cluster" in told[0]
