"""The embedded Kafka: real, quick to start, and nothing acknowledged is lost by kill -9."""

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import kafka as embedded
from deploy.local import kafka_jars
from deploy.local.settings import cache_directory
from tests.support.hangs import HANG_S
from tests.support.servers import KafkaServer, start_kafka

TOPIC = "footprints"


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[KafkaServer]:
    part = start_kafka(tmp_path / "kafka")
    yield part
    part.stop()


def test_acknowledged_records_survive_kill_9(own_kafka: KafkaServer) -> None:
    asyncio.run(create_topic(own_kafka.bootstrap))
    asyncio.run(produce(own_kafka.bootstrap, range(500)))
    own_kafka.kill()
    took_s = own_kafka.start()
    asyncio.run(produce(own_kafka.bootstrap, range(500, 600)))
    assert asyncio.run(consume(own_kafka.bootstrap, 600)) == list(range(600))
    assert took_s < 20


def test_a_stop_in_order_keeps_everything(own_kafka: KafkaServer) -> None:
    asyncio.run(create_topic(own_kafka.bootstrap))
    asyncio.run(produce(own_kafka.bootstrap, range(100)))
    assert own_kafka.stop() == 128 + signal.SIGTERM
    own_kafka.start()
    assert asyncio.run(consume(own_kafka.bootstrap, 100)) == list(range(100))


def test_data_survives_a_move_to_other_ports(tmp_path: Path) -> None:
    before = start_kafka(tmp_path)
    asyncio.run(create_topic(before.bootstrap))
    asyncio.run(produce(before.bootstrap, range(50)))
    before.stop()
    after = start_kafka(tmp_path)
    try:
        assert after.bootstrap != before.bootstrap
        assert asyncio.run(consume(after.bootstrap, 50)) == list(range(50))
    finally:
        after.stop()


def test_topics_are_only_made_on_purpose(kafka: KafkaServer) -> None:
    async def ask_for_unknown_topic() -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
        await admin.start()
        try:
            await admin.describe_topics(["nobody-made-this"])
            return "nobody-made-this" in await admin.list_topics()
        finally:
            await admin.close()

    assert not asyncio.run(ask_for_unknown_topic())


def test_a_broker_that_is_away_does_not_answer() -> None:
    assert not asyncio.run(embedded.is_serving("127.0.0.1:1"))


def test_kafka_starts_without_its_fast_start_cache(tmp_path: Path) -> None:
    install = embedded.prepare(cache_directory(os.environ), print)
    without = dataclasses.replace(install, aot_cache=tmp_path / "none.aot")
    command = without.command("kafka.Kafka", "--version")
    assert not any("AOTCache" in word for word in command)
    assert "4.1.1" in subprocess.run(command, capture_output=True, text=True, timeout=HANG_S).stdout


def test_a_failed_training_is_reported_once_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jars = embedded.prepare(cache_directory(os.environ), print).jars
    broken = kafka_jars.Install(Path(sys.executable), jars, tmp_path / "kafka.aot")
    monkeypatch.setattr(kafka_jars, "resolve", lambda cache, report: broken)
    reports: list[str] = []
    assert embedded.prepare(tmp_path, reports.append) == broken
    assert any("start slowly" in text for text in reports)
    reports.clear()
    assert embedded.prepare(tmp_path, reports.append) == broken
    assert reports == []


def test_the_jars_are_found_again_without_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = cache_directory(os.environ)
    first = kafka_jars.resolve(cache, print)
    monkeypatch.setitem(sys.modules, "jgo", None)
    assert kafka_jars.resolve(cache, print) == first


def test_a_jar_that_went_missing_is_noticed(tmp_path: Path) -> None:
    listing = tmp_path / "kafka.classpath"
    jar = tmp_path / "kafka.jar"
    jar.touch()
    listing.write_text(f"{jar}\n")
    assert kafka_jars._listed(listing) == (jar,)
    jar.unlink()
    assert kafka_jars._listed(listing) is None


def test_one_stack_prepares_at_a_time(tmp_path: Path) -> None:
    inside: list[str] = []

    def enter(name: str) -> None:
        with kafka_jars.locked(tmp_path):
            inside.append(f"{name} in")
            inside.append(f"{name} out")

    with ThreadPoolExecutor(1) as other:
        with kafka_jars.locked(tmp_path):
            waiting = other.submit(enter, "second")
            inside.append("first out")
        waiting.result(timeout=HANG_S)
    assert inside == ["first out", "second in", "second out"]


def test_an_unwritable_cache_names_its_setting(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with (
        pytest.raises(embedded.PrepareError, match=r"FOOTPATH_CACHE=.* set FOOTPATH_CACHE"),
        kafka_jars.locked(blocked / "cache"),
    ):
        pass


async def create_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    await admin.close()


async def produce(bootstrap: str, numbers: range) -> None:
    """Sends every number and returns when all are acknowledged (acks=all)."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for sent in [await producer.send(TOPIC, str(number).encode()) for number in numbers]:
            await sent
    finally:
        await producer.stop()


async def consume(bootstrap: str, count: int) -> list[int]:
    """The first `count` numbers of the topic; fails after 20 s."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        async with asyncio.timeout(HANG_S):
            return [int((await consumer.getone()).value) for _ in range(count)]
    finally:
        await consumer.stop()
