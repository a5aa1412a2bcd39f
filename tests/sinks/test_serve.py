"""The sink as a process between a real Kafka and a real ClickHouse."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from deploy.local import ports
from schemas.events import Event
from schemas.topics import EVENT_REJECTED, PARTITIONS, TOUCHPOINT_IDENTIFIED, Topic
from sinks.serve import GROUP
from tests.support.hangs import HANG_S
from tests.support.reject_keys import reveal, write_reject_keys
from tests.support.servers import KafkaServer
from tests.support.sink_events import touchpoint, uid
from tests.support.sink_store import CODEC, Store

COUNT = "SELECT count() FROM touchpoint"


@contextmanager
def sink(
    stream: KafkaServer, store: Store, log: Path, metrics_port: int = 0, address: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """A running sink. :param address: of ClickHouse; empty: that of ``store``."""
    environ = {
        **os.environ,
        "FOOTPATH_KAFKA": stream.bootstrap,
        "FOOTPATH_CLICKHOUSE": address or store.part.url,
        "FOOTPATH_REJECT_KEY_FILE": write_reject_keys(log.parent),
        "FOOTPATH_SINK_FLUSH_ROWS": "2000",
        "FOOTPATH_SINK_METRICS_PORT": str(metrics_port or ""),
    }
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, "-m", "sinks.serve"], env=environ, stderr=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def publish(stream: KafkaServer, topic: Topic, values: Iterable[bytes | None]) -> None:
    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=stream.bootstrap, acks="all", linger_ms=5)
        await producer.start()
        try:
            sent = [await producer.send(topic.name, value, f"{number}".encode()) for number, value in enumerate(values)]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    asyncio.run(send())


def encoded(events: Iterable[Event]) -> list[bytes | None]:
    return [CODEC.record(event)[2] for event in events]


def eventually(reached: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + HANG_S
    while not reached():
        assert time.monotonic() < until, f"not in {HANG_S} s: {what}"
        time.sleep(0.2)


async def unread(stream: KafkaServer, topic: Topic) -> int:
    """Records of the topic beyond what the sink has committed."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stream.bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=stream.bootstrap)
    await consumer.start()
    await admin.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(PARTITIONS)]
        ends = await consumer.end_offsets(partitions)
        try:
            committed = await admin.list_consumer_group_offsets(GROUP)
        except GroupCoordinatorNotAvailableError:  # the first request makes a new broker elect one
            committed = {}
        return sum(ends[part] - (max(0, committed[part].offset) if part in committed else 0) for part in partitions)
    finally:
        await admin.close()
        await consumer.stop()


def scans(numbers: range) -> list[Event]:
    return [touchpoint(uid(f"scan {n}"), f"person {n % 50}", "scan", "2026-03-01") for n in numbers]


def test_every_event_is_there_once_after_kills(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    load = 30_000
    publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(load))))
    for wanted in range(load // 8, load // 2, load // 8):
        with sink(stream, store, tmp_path / "log") as process:
            while store.one("SELECT count() FROM touchpoint_identified") < wanted:
                time.sleep(0.02)
            process.kill()
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: asyncio.run(unread(stream, TOUCHPOINT_IDENTIFIED)) == 0, "all rows")
        assert store.ask("SELECT count(), uniqExact(event_id) FROM touchpoint") == [(load, load)]
        publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(load // 2))))
        eventually(lambda: asyncio.run(unread(stream, TOUCHPOINT_IDENTIFIED)) == 0, "the replay")
        assert store.ask("SELECT count(), uniqExact(event_id) FROM touchpoint") == [(load, load)]


def test_a_sink_that_cannot_store_stops_when_it_is_told_to(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    """Without ClickHouse it waits for it without a limit; SIGTERM ends that, and the next one reads the rows again."""
    log, again = tmp_path / "log", range(500_000, 500_010)
    publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(again)))
    environ = {
        **os.environ,
        "FOOTPATH_KAFKA": stream.bootstrap,
        "FOOTPATH_CLICKHOUSE": f"http://127.0.0.1:{ports.free()}",
        "FOOTPATH_REJECT_KEY_FILE": write_reject_keys(tmp_path),
    }
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, "-m", "sinks.serve"], env=environ, stderr=out)
    try:
        eventually(lambda: "next try in" in log.read_text(), "the sink to wait for ClickHouse")
        process.send_signal(signal.SIGTERM)
        assert process.wait(HANG_S) == 0
    finally:
        process.kill()
        process.wait()
    assert "they are read again at the next start" in log.read_text()
    with sink(stream, store, log):
        eventually(lambda: asyncio.run(unread(stream, TOUCHPOINT_IDENTIFIED)) == 0, "all rows")
    ids = [uid(f"scan {n}") for n in again]
    assert store.one(f"SELECT count() FROM touchpoint WHERE event_id IN {tuple(ids)}") == len(ids)


def lag(port: int) -> float:
    """The lag of touchpoint-identified in the sink's metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    name = f'footpath_sink_lag_records{{topic="{TOUCHPOINT_IDENTIFIED.name}"}}'
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)), -1.0)


def test_clickhouse_away_is_waited_for_and_the_lag_shows(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    port = ports.free()
    with sink(stream, store, tmp_path / "log", port) as process:
        publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(100))))
        eventually(lambda: store.one(COUNT) == 100, "the first hundred")
        store.part.kill()
        publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(100, 5_000))))
        eventually(lambda: "next try" in (tmp_path / "log").read_text(), "the sink notices")
        eventually(lambda: lag(port) == 4_900, "the lag shows")
        store.part.start()
        eventually(lambda: store.one(COUNT) == 5_000, "everything after the outage")
        eventually(lambda: lag(port) == 0, "the lag is gone")
        assert process.poll() is None


def test_garbage_goes_to_event_rejected_and_the_stream_goes_on(
    stream: KafkaServer, store: Store, tmp_path: Path
) -> None:
    with sink(stream, store, tmp_path / "log"):
        publish(stream, TOUCHPOINT_IDENTIFIED, [b"\x00garbage", None, *encoded(scans(range(3)))])
        publish(stream, EVENT_REJECTED, [b"worse garbage"])
        eventually(lambda: store.one("SELECT count() FROM event_rejected FINAL") == 3, "three rejects")
        eventually(lambda: store.one(COUNT) == 3, "three scans")
    rejects = store.ask("SELECT topic, hex(raw), reason FROM event_rejected FINAL")
    kept = [(topic, reveal(bytes.fromhex(raw)) if raw else b"", reason) for topic, raw, reason in rejects]
    assert sorted(kept) == sorted(
        [
            (TOUCHPOINT_IDENTIFIED.name, b"\x00garbage", "undecodable"),
            (TOUCHPOINT_IDENTIFIED.name, b"", "undecodable"),
            (EVENT_REJECTED.name, b"worse garbage", "undecodable"),
        ]
    )


def test_a_stop_in_order_stores_what_was_read(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    with sink(stream, store, tmp_path / "log") as process:
        publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(10))))
        eventually(lambda: store.one(COUNT) == 10, "ten scans")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=HANG_S) == 0


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    environ = {**os.environ, "FOOTPATH_SINK_FLUSH_ROWS": "many"}
    ended = subprocess.run(
        [sys.executable, "-m", "sinks.serve"], env=environ, capture_output=True, text=True, timeout=HANG_S
    )
    assert ended.returncode == 1
    assert "FOOTPATH_SINK_FLUSH_ROWS=many" in ended.stderr
