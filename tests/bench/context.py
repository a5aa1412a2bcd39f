"""The context step on real events: scans of the demo brand's tags in Avro in, decisions in Avro out, one process.

The worker is the real one on a real Kafka, and every decision is counted and decoded. Beside it, in the same run: a
bare aiokafka loop that only hands the same records on, and the desk alone (decode, decide, encode; no Kafka).
"""

import asyncio
import time

from processors.context.core import PROCESSOR
from processors.shell.desk import Desk
from processors.shell.store import MemoryStore
from processors.world import World
from schemas.events import Event, ScanRouted
from schemas.topics import SCAN_ROUTED, TOUCHPOINT_IDENTIFIED
from tests.bench import people, stream
from tests.bench.contenders.sending import Row
from tests.bench.figures import Figure
from tests.bench.ground import Ground, NotMeasured
from tests.bench.stream import Pace, cpu_note

PEOPLE = 10_000
TAKE = 500
"""Records that the desk alone is given at once."""


def measure(ground: Ground) -> list[Figure]:
    rows = ground.size(100_000, 20_000)
    ground.say(f"making {rows:,} scans")
    partitions = stream.spread(map(people.row, people.scans(rows, PEOPLE)))
    worker: list[Pace] = []
    passing: list[Pace] = []
    desk: list[float] = []
    for number in range(ground.rounds):
        ground.say(f"round {number + 1} of {ground.rounds}")
        with ground.kafka() as kafka:
            asyncio.run(stream.fill(kafka.bootstrap, TOUCHPOINT_IDENTIFIED.name, partitions))
            passing.append(asyncio.run(_pass(ground, kafka.bootstrap, rows)))
            worker.append(asyncio.run(_work(ground, kafka.bootstrap, rows)))
        desk.append(_desk(partitions[0]))
    rates = [pace.rows_per_s for pace in worker]
    bare = [pace.rows_per_s for pace in passing]
    return [
        Figure("context step, Avro in, decision out", "events/s", rates, at_least=10_000, note=cpu_note(worker)),
        Figure("  to a loop that only hands the records on", "×", [a / b for a, b in zip(rates, bare, strict=True)]),
        Figure("  bare aiokafka loop, records as they are", "events/s", bare, note=cpu_note(passing)),
        Figure("  the desk alone, without Kafka", "events/s", desk),
    ]


async def _work(ground: Ground, bootstrap: str, rows: int) -> Pace:
    env = {"FOOTPATH_KAFKA": bootstrap, "FOOTPATH_DATA": str(ground.new_folder("data"))}
    with ground.process("worker", "deploy.cli", "worker", "context", env=env) as process:
        pace = await stream.pace(bootstrap, SCAN_ROUTED.name, rows, process)
    codec = people.CODEC.of(SCAN_ROUTED)
    routed = [codec.decode(record.value) for record in await stream.read(bootstrap, SCAN_ROUTED.name)]
    answered = {event.scan_event_id for event in routed if isinstance(event, ScanRouted) and event.route}
    if len(answered) != rows:
        raise NotMeasured(f"{len(answered)} scans of {rows} were answered")
    return pace


async def _pass(ground: Ground, bootstrap: str, rows: int) -> Pace:
    sink = "footpath.bench-passed.v1"
    await stream.make_topics(bootstrap, sink)
    arguments = (bootstrap, TOUCHPOINT_IDENTIFIED.name, sink, "bench-passing", str(ground.folder))
    with ground.process("passing", "tests.bench.contenders.passing", *arguments) as process:
        return await stream.pace(bootstrap, sink, rows, process)


def _desk(rows: list[Row]) -> float:
    """Events a second of one partition's desk, effects encoded and thrown away."""
    encoded = 0

    def publish(event: Event, partition: int | None) -> None:
        nonlocal encoded
        encoded += bool(people.CODEC.record(event))

    world = World(people.demo_brand())
    desk = Desk(PROCESSOR, people.CODEC, MemoryStore(), 0, reject_limit=1, publish=publish)
    records = [people.Record(offset, key, value) for offset, (key, value, _) in enumerate(rows)]
    began = time.perf_counter()
    for at in range(0, len(records), TAKE):
        desk.take(TOUCHPOINT_IDENTIFIED.name, records[at : at + TAKE], world)
    seconds = time.perf_counter() - began
    if encoded != len(records):
        raise NotMeasured(f"the desk answered {encoded} scans of {len(records)}")
    return len(records) / seconds
