"""Timers: ends of consents, published when they come, on the embedded stack beside scans; and what a million pending
timers cost a worker.

Statements go to touchpoint-identified at once, so that the gateway is busy with scans alone. An end counts from its
time to the brokers' stamp of its record on consent-changed; the record is readable a few milliseconds later, when its
transaction is committed.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from processors.consent.core import EXPIRY
from processors.consent.core import PROCESSOR as CONSENT
from processors.consent.state import Wish, Wishes
from processors.shell.state.records import Active, StateRecordCodec
from schemas.consent.choices import Choice, Consents
from schemas.consent.statements import Statement
from schemas.events import TouchpointIdentified
from schemas.ids import derived, hash64, person_of
from schemas.kafka.partitioner import partition_of
from schemas.topics import CONSENT_CHANGED, PARTITIONS, TOUCHPOINT_IDENTIFIED, changelog
from tests.bench import kafka_client, workload
from tests.bench.baselines.row_batches import Row
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.kafka_client import Throughput
from tests.bench.process import NotMeasured, Process
from tests.bench.scan import Case
from tests.bench.scan import run as run_scans
from tests.bench.workers import start_worker, wait_until_idle, wait_until_open
from tests.support.full_stack import FullStack

SCANS, TIMERS = 100, 200
"""A second."""
LEAD_S = 12
"""From when statements are written until the first one ends: workers have taken them all by then."""
BURST_LEAD_S = 40
SETTLE_S = 20
"""After the last end, within which all of them have to be published."""
FAR_US = 4_000_000_000_000_000


def measure(environment: BenchEnvironment) -> list[Figure]:
    steady: list[list[float]] = []
    burst: list[list[float]] = []
    scans: list[float] = []
    seconds, many = environment.size(60, 10), environment.size(100_000, 10_000)
    with environment.full_stack() as stack:
        stack.scan()
        for number in range(environment.rounds):
            environment.progress(f"round {number + 1} of {environment.rounds}: {TIMERS} timers/s for {seconds} s")
            first = time.time() + LEAD_S
            ends = [first + one / TIMERS for one in range(seconds * TIMERS)]
            steady.append(_delays(environment, stack, f"steady {number}", ends, LEAD_S + seconds)[0])
            environment.progress(f"{many:,} timers in one second")
            moment = time.time() + BURST_LEAD_S
            delays, load = _delays(environment, stack, f"burst {number}", [moment] * many, BURST_LEAD_S + SETTLE_S)
            burst.append(delays)
            scans.append(load)
    title = f"{TIMERS} timers/s beside {SCANS} scans/s, due to published"
    return [
        Figure(f"{title}: p50", "ms", [_share(delays, 0.5) for delays in steady], at_most=250),
        Figure(f"{title}: p99", "ms", [_share(delays, 0.99) for delays in steady], at_most=1000),
        Figure(f"{many:,} timers of one second, all done", "s", [max(one) / 1000 for one in burst], at_most=30),
        Figure("  p99 of scans meanwhile", "ms", scans, at_most=150),
        *_pending(environment),
    ]


def _delays(
    environment: BenchEnvironment, stack: FullStack, test: str, ends: list[float], seconds: int
) -> tuple[list[float], float]:
    """Milliseconds from each end to its record, and the p99 of the scans meanwhile."""
    kafka = str(stack.run["kafka"])
    statements = (_statement(test, number, end) for number, end in enumerate(ends))
    rows = kafka_client.by_partition(map(workload.row, statements))
    asyncio.run(kafka_client.fill_topic(kafka, TOUCHPOINT_IDENTIFIED.name, rows))
    load = run_scans(environment, stack, Case(SCANS, "new", seconds)).load
    time.sleep(max(0.0, max(ends) + SETTLE_S - time.time()))
    people = {_person(test, number) for number in range(len(ends))}
    delays = []
    for record in asyncio.run(kafka_client.read_topic(kafka, CONSENT_CHANGED.name)):
        event = workload.CODEC.of(CONSENT_CHANGED).decode(record.value)
        if event.kind == EXPIRY and event.source_profile_id in people:
            delays.append(record.timestamp - event.occurred_at / 1000)
    if len(delays) != len(ends) or min(delays) < -1:
        raise NotMeasured(f"{len(delays)} ends of {len(ends)}, the earliest after {min(delays, default=0):.0f} ms")
    return delays, float(load["p99"])


def _person(test: str, number: int) -> str:
    return person_of(f"device:{derived('bench', test, str(number))}")


def _statement(test: str, number: int, end: float | None) -> TouchpointIdentified:
    """Of a person of its own. :param end: in seconds since 1970."""
    expires_at = datetime.fromtimestamp(end, UTC).isoformat() if end is not None else ""
    now, who = time.time_ns() // 1000, _person(test, number)
    return TouchpointIdentified(
        event_id=derived("bench statement", test, str(number)),
        occurred_at=now,
        received_at=now,
        type="consent_given",
        source="bench",
        primary_identifier="",
        identifiers=(),
        properties=msgspec.json.encode(Statement(purposes=("analytics",), expires_at=expires_at)).decode(),
        person_id=who,
        source_profile_id=who,
    )


def _share(delays: list[float], share: float) -> float:
    return sorted(delays)[int(share * (len(delays) - 1))]


def _pending(environment: BenchEnvironment) -> list[Figure]:
    """A worker with pending timers beside one whose states have none."""
    people, rows = environment.size(1_000_000, 50_000), environment.size(60_000, 15_000)
    with _filled(environment, people, FAR_US) as (timed, data), _filled(environment, people, 0) as (plain, plain_data):
        restarted = []
        with _worker(environment, timed, environment.new_folder("lost")) as worker:
            lost = wait_until_open(worker)
            worker.stop()
        ratios: list[float] = []
        for number in range(environment.rounds):
            environment.progress(f"round {number + 1} of {environment.rounds}: {people:,} pending timers")
            both = []
            for kafka, folder in ((timed, data), (plain, plain_data)):
                with _worker(environment, kafka, folder) as worker:
                    opened = wait_until_open(worker)
                    wait_until_idle(worker)
                    both.append(_throughput(kafka, people, rows, number, worker))
                    worker.stop()
                if kafka is timed:
                    restarted.append(opened)
            ratios.append(both[0].cpu_us / both[1].cpu_us)
    return [
        Figure(f"an event with {people:,} pending timers to one without, CPU", "×", ratios, at_most=1.15),
        Figure(f"ready after a restart with {people:,} timers", "s", restarted, at_most=5),
        Figure("  after a lost store", "s", [lost], at_most=15),
    ]


@contextmanager
def _filled(environment: BenchEnvironment, people: int, expires_at: int) -> Iterator[tuple[str, Path]]:
    """A Kafka with the state of so many people who said something, and a worker's data directory with it."""
    with environment.kafka() as kafka:
        environment.progress(f"writing the state of {people:,} people")
        rows = kafka_client.by_partition(_states(people, expires_at))
        asyncio.run(kafka_client.fill_topic(kafka.bootstrap, changelog(CONSENT.name), rows))
        data = environment.new_folder("data")
        with _worker(environment, kafka.bootstrap, data) as worker:
            wait_until_open(worker)
            wait_until_idle(worker)
            worker.stop()
        yield kafka.bootstrap, data


def _states(people: int, expires_at: int) -> Iterable[tuple[int, Row]]:
    codec = StateRecordCodec.of(CONSENT)
    for number in range(people):
        who = person_of(workload.primary_identifier(number))
        choice = Choice(workload.NOON_US, True, hash64(who), expires_at + number * bool(expires_at))
        state = Wishes({who: Wish(Consents({"analytics": (choice,)}))})
        yield partition_of(who, PARTITIONS), (who.encode(), codec.encode(Active(state)), [])


@contextmanager
def _worker(environment: BenchEnvironment, kafka: str, data: Path) -> Iterator[Process]:
    with start_worker(environment, kafka, data, CONSENT.name, CONSENT.name) as worker:
        yield worker


def _throughput(kafka: str, people: int, rows: int, round_number: int, worker: Process) -> Throughput:
    """Statements of people who have said something: each changes a state, and leaves its timer as it is."""
    statements = []
    for number in range(rows):
        who = person_of(workload.primary_identifier((number * 7919 + round_number) % people))
        one = _statement(f"pending {round_number}", number, None)
        properties = msgspec.json.encode(Statement(purposes=("personalisation",))).decode()
        statements.append(msgspec.structs.replace(one, person_id=who, source_profile_id=who, properties=properties))
    partitions = kafka_client.by_partition(map(workload.row, statements))

    async def run() -> Throughput:
        measured = asyncio.ensure_future(kafka_client.measure_throughput(kafka, CONSENT_CHANGED.name, rows, worker))
        await kafka_client.fill_topic(kafka, TOUCHPOINT_IDENTIFIED.name, partitions)
        return await measured

    return asyncio.run(run())
