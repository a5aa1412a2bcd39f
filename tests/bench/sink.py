"""The sink: from Avro records on Kafka to visible rows in ClickHouse, one process.

The topics hold the same scans as recorded, identified and routed. The clock starts with a tenth of the rows and ends
with the last. The baseline is ClickHouse alone, with the blocks that the sink would build from the same records.
"""

import asyncio
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass

from processors.context.core import PROCESSOR
from processors.reference import Reference
from processors.step import Emit
from schemas.events import Event, TouchpointIdentified
from schemas.topics import SCAN_ROUTED, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED, Topic
from sinks.clickhouse.record_router import RecordRouter, UncheckedRecords
from sinks.clickhouse.writer import SETTINGS
from sinks.store.migrate import migrate
from tests.bench import kafka_client, workload
from tests.bench.baselines.row_batches import Row
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure, format_range
from tests.bench.kafka_client import WARM_UP_SHARE
from tests.bench.machine import cpu_s
from tests.bench.process import NotMeasured, Process

PEOPLE = 10_000
BLOCK_ROWS = 50_000
POLL_S = 0.05
TOPICS = (TOUCHPOINT_RECORDED, TOUCHPOINT_IDENTIFIED, SCAN_ROUTED)


@dataclass(frozen=True)
class Record:
    """The fields of a consumer's record that the sink reads."""

    offset: int
    value: bytes | None
    timestamp: int = 0


def measure(environment: BenchEnvironment) -> list[Figure]:
    each = environment.size(150_000, 30_000)
    environment.progress(f"generating {3 * each:,} events")
    filled = _fill(each)
    rates: list[float] = []
    cpu: list[float] = []
    baseline: list[float] = []
    for number in range(environment.rounds):
        environment.progress(f"round {number + 1} of {environment.rounds}")
        with environment.kafka(with_brand=False) as kafka, environment.clickhouse() as clickhouse:
            migrate(clickhouse.url)
            baseline.append(_insert(clickhouse.url, filled))
            for topic in TOPICS:
                _request(clickhouse.url, f"TRUNCATE TABLE footpath.{topic.table}")
            for topic, partitions in filled.items():
                asyncio.run(kafka_client.fill_topic(kafka.bootstrap, topic.name, partitions))
            env = {"FOOTPATH_KAFKA": kafka.bootstrap, "FOOTPATH_CLICKHOUSE": clickhouse.url}
            with environment.process("sink", "deploy.cli.main", "sink", env=env) as sink:
                rate, cpu_us = _watch(clickhouse.url, sink, 3 * each)
            rates.append(rate)
            cpu.append(cpu_us)
    share = [one / other for one, other in zip(rates, baseline, strict=True)]
    return [
        Figure(
            "sink, Avro on Kafka to rows in ClickHouse",
            "rows/s",
            rates,
            at_least=60_000,
            note=f"{format_range(cpu)} µs of CPU a row in the sink",
        ),
        Figure("  to ClickHouse alone", "×", share),
        Figure("  ClickHouse alone, the same blocks prebuilt", "rows/s", baseline),
    ]


def _fill(each: int) -> dict[Topic, list[list[Row]]]:
    """Rows of each topic by partition."""
    reference = Reference(workload.demo_brand())
    events: dict[Topic, list[tuple[int, Row]]] = {topic: [] for topic in TOPICS}
    for scan in workload.scans(each, PEOPLE):
        events[TOUCHPOINT_RECORDED].append(workload.row(workload.as_recorded(scan)))
        events[TOUCHPOINT_IDENTIFIED].append(workload.row(scan))
        events[SCAN_ROUTED].append(workload.row(_routed(scan, reference)))
    return {topic: kafka_client.by_partition(of_topic) for topic, of_topic in events.items()}


def _routed(scan: TouchpointIdentified, reference: Reference) -> Event:
    (effect,) = PROCESSOR.step(None, scan, reference).effects
    assert isinstance(effect, Emit)
    return effect.event


def _insert(url: str, filled: dict[Topic, list[list[Row]]]) -> float:
    """Rows per second when ClickHouse receives blocks that are built before the clock starts."""
    blocks: list[tuple[str, bytes]] = []
    count = 0
    for topic, partitions in filled.items():
        router = RecordRouter(topic, workload.CODEC.of(topic))
        share = BLOCK_ROWS // len(partitions)
        longest = max(map(len, partitions))
        for at in range(0, longest, share):
            unchecked = UncheckedRecords()
            for number, rows in enumerate(partitions):
                values = enumerate((value for _, value, _ in rows[at : at + share]), at)
                if records := [Record(offset, value) for offset, value in values]:
                    router.add(number, records, unchecked)
                    count += len(records)
            blocks += [(guarded.insert, guarded.block(batches)) for guarded, batches in unchecked.batches.items()]
    began = time.perf_counter()
    for statement, block in blocks:
        _request(url, statement, block)
    return count / (time.perf_counter() - began)


def _watch(url: str, sink: Process, rows: int) -> tuple[float, float]:
    """Rows per second until all are visible, and the sink's CPU time per row in microseconds."""
    first: tuple[float, int, float] | None = None
    count, until = 0, time.monotonic() + 120
    while count < rows:
        time.sleep(POLL_S)
        sink.check()
        count = _count(url)
        now = time.monotonic()
        if first is None and count >= rows * WARM_UP_SHARE:
            first = now, count, cpu_s(sink.pid)
        if now > until:
            raise NotMeasured(f"{count} of {rows} rows in two minutes:\n{sink.log[-1500:]}")
    if first is None or first[1] == count:
        raise NotMeasured(f"all {rows} rows came between two polls: use more rows")
    return (count - first[1]) / (now - first[0]), (cpu_s(sink.pid) - first[2]) / (count - first[1]) * 1e6


def _count(url: str) -> int:
    counts = (f"(SELECT count() FROM footpath.{topic.table})" for topic in TOPICS)
    return int(_request(url, f"SELECT {' + '.join(counts)}"))


def _request(url: str, statement: str, data: bytes = b"") -> bytes:
    query = urllib.parse.urlencode({"query": statement, **(SETTINGS if data else {})})
    with urllib.request.urlopen(f"{url}/?{query}", data or b" ", timeout=120) as response:
        return bytes(response.read())
