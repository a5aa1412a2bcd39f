"""The sink: Avro bytes that wait on Kafka until their rows can be seen in ClickHouse, one process.

The topics hold scans as they were recorded, identified and routed, a third each. The clock starts with a tenth of the
rows and ends with the last. Beside it: ClickHouse alone, given the blocks that the sink would make of the same records.
"""

import asyncio
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass

from processors.context.core import PROCESSOR
from processors.step import Emit
from processors.world import World
from schemas.events import Event, TouchpointIdentified
from schemas.topics import SCAN_ROUTED, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED, Topic
from sinks.rows import Sorter, Unchecked
from sinks.store.migrate import migrate
from sinks.store.writer import SETTINGS
from tests.bench import people, stream
from tests.bench.contenders.sending import Row
from tests.bench.figures import Figure, ranged
from tests.bench.ground import Ground, NotMeasured, Process
from tests.bench.machine import cpu_s
from tests.bench.stream import WARM

PEOPLE = 10_000
BLOCK_ROWS = 50_000
LOOK_S = 0.05
TOPICS = (TOUCHPOINT_RECORDED, TOUCHPOINT_IDENTIFIED, SCAN_ROUTED)


@dataclass(frozen=True)
class Record:
    """A record as a consumer gives it, as far as the sink looks at it."""

    offset: int
    value: bytes | None
    timestamp: int = 0


def measure(ground: Ground) -> list[Figure]:
    each = ground.size(150_000, 30_000)
    ground.say(f"making {3 * each:,} events")
    filled = _fill(each)
    sunk: list[float] = []
    cpu: list[float] = []
    plain: list[float] = []
    for number in range(ground.rounds):
        ground.say(f"round {number + 1} of {ground.rounds}")
        with ground.kafka(with_brand=False) as kafka, ground.clickhouse() as clickhouse:
            migrate(clickhouse.url)
            plain.append(_insert(clickhouse.url, filled))
            for topic in TOPICS:
                _ask(clickhouse.url, f"TRUNCATE TABLE footpath.{topic.table}")
            for topic, partitions in filled.items():
                asyncio.run(stream.fill(kafka.bootstrap, topic.name, partitions))
            env = {"FOOTPATH_KAFKA": kafka.bootstrap, "FOOTPATH_CLICKHOUSE": clickhouse.url}
            with ground.process("sink", "deploy.cli", "sink", env=env) as sink:
                rate, cpu_us = _watch(clickhouse.url, sink, 3 * each)
            sunk.append(rate)
            cpu.append(cpu_us)
    share = [one / other for one, other in zip(sunk, plain, strict=True)]
    return [
        Figure(
            "sink, Avro on Kafka to rows in ClickHouse",
            "rows/s",
            sunk,
            at_least=60_000,
            note=f"{ranged(cpu)} µs of CPU a row in the sink",
        ),
        Figure("  to ClickHouse alone", "×", share),
        Figure("  ClickHouse alone, the same blocks ready made", "rows/s", plain),
    ]


def _fill(each: int) -> dict[Topic, list[list[Row]]]:
    """Rows of each topic by partition."""
    world = World(people.demo_brand())
    events: dict[Topic, list[tuple[int, Row]]] = {topic: [] for topic in TOPICS}
    for scan in people.scans(each, PEOPLE):
        events[TOUCHPOINT_RECORDED].append(people.row(people.as_recorded(scan)))
        events[TOUCHPOINT_IDENTIFIED].append(people.row(scan))
        events[SCAN_ROUTED].append(people.row(_routed(scan, world)))
    return {topic: stream.spread(of_topic) for topic, of_topic in events.items()}


def _routed(scan: TouchpointIdentified, world: World) -> Event:
    (effect,) = PROCESSOR.step(None, scan, world).effects
    assert isinstance(effect, Emit)
    return effect.event


def _insert(url: str, filled: dict[Topic, list[list[Row]]]) -> float:
    """Rows a second when ClickHouse is handed blocks that are made before the clock starts."""
    blocks: list[tuple[str, bytes]] = []
    count = 0
    for topic, partitions in filled.items():
        sorter = Sorter(topic, people.CODEC.of(topic))
        share = BLOCK_ROWS // len(partitions)
        longest = max(map(len, partitions))
        for at in range(0, longest, share):
            unchecked = Unchecked()
            for number, rows in enumerate(partitions):
                values = enumerate((value for _, value, _ in rows[at : at + share]), at)
                if records := [Record(offset, value) for offset, value in values]:
                    sorter.gather(number, records, unchecked)
                    count += len(records)
            blocks += [(sealed.insert, sealed.block(runs)) for sealed, runs in unchecked.runs.items()]
    began = time.perf_counter()
    for statement, block in blocks:
        _ask(url, statement, block)
    return count / (time.perf_counter() - began)


def _watch(url: str, sink: Process, rows: int) -> tuple[float, float]:
    """Rows a second, and CPU of the sink for each in microseconds, until all can be seen."""
    first: tuple[float, int, float] | None = None
    count, until = 0, time.monotonic() + 120
    while count < rows:
        time.sleep(LOOK_S)
        sink.check()
        count = _count(url)
        now = time.monotonic()
        if first is None and count >= rows * WARM:
            first = now, count, cpu_s(sink.pid)
        if now > until:
            raise NotMeasured(f"{count} of {rows} rows in two minutes:\n{sink.log[-1500:]}")
    if first is None or first[1] == count:
        raise NotMeasured(f"all {rows} rows came between two looks: take more")
    return (count - first[1]) / (now - first[0]), (cpu_s(sink.pid) - first[2]) / (count - first[1]) * 1e6


def _count(url: str) -> int:
    counts = (f"(SELECT count() FROM footpath.{topic.table})" for topic in TOPICS)
    return int(_ask(url, f"SELECT {' + '.join(counts)}"))


def _ask(url: str, statement: str, data: bytes = b"") -> bytes:
    query = urllib.parse.urlencode({"query": statement, **(SETTINGS if data else {})})
    with urllib.request.urlopen(f"{url}/?{query}", data or b" ", timeout=120) as answer:
        return bytes(answer.read())
