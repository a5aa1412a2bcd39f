"""The context step on real events: scans of the demo brand's tags in Avro in, decisions in Avro out, one process.

A real worker runs on a real Kafka, and every decision is counted and decoded. Measured in the same round: a bare
aiokafka loop that only forwards the same records, and the stream task alone (decode, decide, encode; no Kafka).
"""

import asyncio
import time
from collections.abc import Sequence

import msgspec

from processors.context.core import PROCESSOR
from processors.reference import Reference
from processors.shell.applied_batch import EncodedEffect
from processors.shell.reject_limit import RejectLimit
from processors.shell.state.store import MemoryStore
from processors.shell.task import StreamTask
from schemas.brand.model import Brand
from schemas.events import ScanRouted, TouchpointIdentified
from schemas.kinds import CONSENT_GIVEN
from schemas.topics import SCAN_ROUTED, TOUCHPOINT_IDENTIFIED
from tests.bench import kafka_client, workload
from tests.bench.baselines.row_batches import Row
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure, ratio
from tests.bench.kafka_client import Throughput, cpu_note
from tests.bench.process import NotMeasured

PEOPLE = 10_000
BATCH = 500
"""Records of a batch for the stream task alone."""


def measure(environment: BenchEnvironment) -> list[Figure]:
    rows = environment.size(100_000, 20_000)
    environment.progress(f"generating {rows:,} scans")
    partitions = kafka_client.by_partition(map(workload.row, workload.scans(rows, PEOPLE)))
    worker: list[Throughput] = []
    forwarding: list[Throughput] = []
    task_rates: list[float] = []
    with_consent: list[float] = []
    without_consent: list[float] = []
    silent, spoken = (
        kafka_client.by_partition(workload.row(_before(scan, type)) for scan in workload.scans(rows, PEOPLE))[0]
        for type in ("page_view", CONSENT_GIVEN)
    )
    for number in range(environment.rounds):
        environment.progress(f"round {number + 1} of {environment.rounds}")
        with environment.kafka() as kafka:
            asyncio.run(kafka_client.fill_topic(kafka.bootstrap, TOUCHPOINT_IDENTIFIED.name, partitions))
            forwarding.append(asyncio.run(_forward(environment, kafka.bootstrap, rows)))
            worker.append(asyncio.run(_run_worker(environment, kafka.bootstrap, rows)))
        task_rates.append(run_task(partitions[0]))
        asks_nothing = msgspec.structs.replace(workload.demo_brand(), consent={})
        without_consent.append(run_task(partitions[0], asks_nothing, silent))
        with_consent.append(run_task(partitions[0], before=spoken))
    rates = [one.rows_per_s for one in worker]
    bare = [one.rows_per_s for one in forwarding]
    return [
        Figure("context step, Avro in, decision out", "events/s", rates, at_least=10_000, note=cpu_note(worker)),
        Figure("  to a loop that only forwards the records", "×", [a / b for a, b in zip(rates, bare, strict=True)]),
        Figure("  bare aiokafka loop, records unchanged", "events/s", bare, note=cpu_note(forwarding)),
        Figure("  the stream task alone, without Kafka", "events/s", task_rates),
        ratio(
            "  the same of people who all said something, to a brand that asks nothing",
            with_consent,
            without_consent,
            0.9,
        ),
    ]


async def _run_worker(environment: BenchEnvironment, bootstrap: str, rows: int) -> Throughput:
    env = {"FOOTPATH_KAFKA": bootstrap, "FOOTPATH_DATA": str(environment.new_folder("data"))}
    with environment.process("worker", "deploy.cli.main", "worker", "context", env=env) as process:
        throughput = await kafka_client.measure_throughput(bootstrap, SCAN_ROUTED.name, rows, process)
    codec = workload.CODEC.of(SCAN_ROUTED)
    routed = [codec.decode(record.value) for record in await kafka_client.read_topic(bootstrap, SCAN_ROUTED.name)]
    decided = {event.scan_event_id for event in routed if isinstance(event, ScanRouted) and event.route}
    if len(decided) != rows:
        raise NotMeasured(f"{len(decided)} scans of {rows} were decided")
    return throughput


async def _forward(environment: BenchEnvironment, bootstrap: str, rows: int) -> Throughput:
    sink = "footpath.bench-forwarded.v1"
    await kafka_client.create_topics(bootstrap, sink)
    arguments = (bootstrap, TOUCHPOINT_IDENTIFIED.name, sink, "bench-forward", str(environment.folder))
    with environment.process("forward", "tests.bench.baselines.aiokafka_forward", *arguments) as process:
        return await kafka_client.measure_throughput(bootstrap, sink, rows, process)


def _before(scan: TouchpointIdentified, type: str) -> TouchpointIdentified:
    """An event of the person of a scan before it."""
    return msgspec.structs.replace(
        scan,
        event_id=f"before {scan.event_id}",
        type=type,
        occurred_at=0,
        tag="",
        properties='{"purposes":["personalisation"]}',
    )


def run_task(rows: list[Row], brand: Brand | None = None, before: Sequence[Row] = ()) -> float:
    """Events per second of CPU time of one partition's stream task; effects are encoded and discarded.

    :param before: events that are taken first and not measured.
    """
    encoded = 0

    def publish(effect: EncodedEffect) -> None:
        nonlocal encoded
        encoded += bool(effect.row)

    reference = Reference(brand or workload.demo_brand())
    task = StreamTask(PROCESSOR, workload.CODEC, MemoryStore(), 0, reject_limit=RejectLimit(1), publish=publish)
    said = [workload.Record(offset, key, value) for offset, (key, value, _) in enumerate(before)]
    for at in range(0, len(said), BATCH):
        task.process(TOUCHPOINT_IDENTIFIED.name, said[at : at + BATCH], reference)
    records = [workload.Record(offset, key, value) for offset, (key, value, _) in enumerate(rows, len(said))]
    began = time.process_time()
    for at in range(0, len(records), BATCH):
        task.process(TOUCHPOINT_IDENTIFIED.name, records[at : at + BATCH], reference)
    seconds = time.process_time() - began
    if encoded != len(records):
        raise NotMeasured(f"the stream task decided {encoded} scans of {len(records)}")
    return len(records) / seconds
