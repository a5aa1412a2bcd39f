"""Shoppers before the real gateway: seen on the topics, still there when it is back, gone when told."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import Codec
from schemas.events import StockReported, TouchpointRecorded
from schemas.kinds import VERDICTS
from schemas.topics import EVENT_REJECTED, PARTITIONS, STOCK_REPORTED, TOUCHPOINT_RECORDED, Topic
from tests.deploy.gateways import KEY, Gateway

CODEC = Codec()
READ = (TOUCHPOINT_RECORDED, STOCK_REPORTED, EVENT_REJECTED)
STOCK = 4 * 15


def walk(gateway: Gateway, data: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "FOOTPATH_DATA": str(data),
        "FOOTPATH_GATEWAY": gateway.target.gateway,
        "FOOTPATH_API_KEY": KEY,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "shoppers", "--count", "20", "--pace", "0.05", "--seed", "1"],
        env=environment,
        stderr=subprocess.PIPE,
    )


def ends(gateway: Gateway) -> dict[TopicPartition, int]:
    """Where the topics end: before it is what other tests left."""

    async def ask() -> dict[TopicPartition, int]:
        consumer = AIOKafkaConsumer(bootstrap_servers=gateway.kafka)
        await consumer.start()
        try:
            partitions = [TopicPartition(topic.name, number) for topic in READ for number in range(PARTITIONS)]
            return dict(await consumer.end_offsets(partitions))
        finally:
            await consumer.stop()

    return asyncio.run(ask())


def read(gateway: Gateway, topic: Topic, starts: dict[TopicPartition, int], sources: tuple[str, ...]) -> list[Any]:
    async def collect() -> list[Any]:
        consumer = AIOKafkaConsumer(bootstrap_servers=gateway.kafka)
        await consumer.start()
        try:
            partitions = [partition for partition in starts if partition.topic == topic.name]
            consumer.assign(partitions)
            for partition in partitions:
                consumer.seek(partition, starts[partition])
            ends, found = await consumer.end_offsets(partitions), []
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found += [CODEC.of(topic).decode(record.value) for record in records]
            return [event for event in found if getattr(event, "source", "") in sources]
        finally:
            await consumer.stop()

    return asyncio.run(collect())


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = 40) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_shoppers_are_seen_outlive_the_gateway_and_stop_when_told(gateway: Gateway, tmp_path: Path) -> None:
    starts = ends(gateway)

    def seen() -> list[TouchpointRecorded]:
        events = read(gateway, TOUCHPOINT_RECORDED, starts, ("scan", "test"))
        return [event for event in events if event.type not in VERDICTS]

    def types() -> Counter[str]:
        return Counter(event.type for event in seen())

    with gateway.running() as first:
        process = walk(gateway, tmp_path)
        wanted = {"scan", "nfc_tap", "store_entry", "sale", "return", "page_view", "ad_click"}
        wait_until(lambda: wanted <= types().keys(), f"not all of {wanted} were seen")
        first.kill()
    before = types()["scan"]
    assert process.poll() is None
    with gateway.running():
        wait_until(lambda: types()["scan"] > before + 20, "they do not go on")
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)
        assert process.returncode == 0, log.decode()

    stock: list[StockReported] = read(gateway, STOCK_REPORTED, starts, ("test",))
    assert len({(event.store, event.sku) for event in stock}) == STOCK and len(stock) > STOCK
    sales = {event.event_id: event for event in seen() if event.type == "sale"}
    for event in seen():
        assert event.identifiers and event.anchor.startswith("device:")
        if event.type == "return":
            assert event.amount_micros == sales[event.related_event_id].amount_micros
    assert len({event.anchor for event in seen()}) == 20, "each phone keeps its cookie"
    refused = read(gateway, EVENT_REJECTED, starts, ("",))
    assert not [event.detail for event in refused if event.stage == "gateway" and "properties" in event.detail]
