"""How long scans wait for a decision when one of two workers of context is killed, is stopped, or starts again.

Every 50 ms a scan is published to each partition. The figure is the longest time from a scan's publication to its
decision: a scan published at the moment a worker dies waits until another worker has opened its partition.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas.ids import person_of
from schemas.kafka.partitioner import partition_of
from schemas.topics import PARTITIONS, SCAN_ROUTED, TOUCHPOINT_IDENTIFIED
from tests.bench import kafka_client, workload
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure
from tests.bench.process import NotMeasured, Process
from tests.bench.workers import start_context_worker, wait_until_open

EVERY_S = 0.05
STEADY_S = 2.0
"""Before the next fault all scans of so long a time must have been decided promptly."""
PROMPT_S = 0.5
"""A decision within so long is prompt."""
OBSERVE_S = 3.0
"""Least time to observe after a fault before the partitions can count as served again."""
TIMEOUT_S = 60.0


def measure(environment: BenchEnvironment) -> list[Figure]:
    with environment.kafka() as kafka:
        return asyncio.run(_measure(environment, kafka.bootstrap))


@dataclass
class ScanLoad:
    """Publishes scans to every partition until it is cancelled, and measures how long each waits for its decision."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    sent: dict[str, float] = field(default_factory=dict)
    decided: dict[str, float] = field(default_factory=dict)

    async def send(self) -> None:
        brand = workload.demo_brand()
        tags = list(brand.tags.values())
        by_partition = [
            next(
                n
                for n in range(1000)
                if partition_of(person_of(workload.primary_identifier(n)), PARTITIONS) == partition
            )
            for partition in range(PARTITIONS)
        ]
        number = 0
        while True:
            for person in by_partition:
                number += 1
                event = workload.scan(number, person, tags[number % len(tags)], brand.about.id)
                partition, (key, value, headers) = workload.row(event)
                self.sent[event.event_id] = time.monotonic()
                await self.producer.send(
                    TOUCHPOINT_IDENTIFIED.name, value, key=key, partition=partition, headers=headers
                )
            await asyncio.sleep(EVERY_S)

    async def receive(self) -> None:
        codec = workload.CODEC.of(SCAN_ROUTED)
        while True:
            for records in (await self.consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    self.decided.setdefault(codec.decode(record.value).scan_event_id, time.monotonic())

    def waits(self, since: float, until: float) -> list[float]:
        """How long the scans published between two times waited, in seconds; those without a decision, until now."""
        now = time.monotonic()
        return [self.decided.get(one, now) - at for one, at in self.sent.items() if since <= at < until]

    def has_undecided(self, since: float) -> bool:
        """Whether scans published since then still wait for a decision, apart from those of the last ``PROMPT_S``."""
        until = time.monotonic() - PROMPT_S
        return any(one not in self.decided for one, at in self.sent.items() if since <= at < until)

    async def wait_until_steady(self) -> None:
        """Waits until all scans of the last ``STEADY_S`` were decided promptly."""
        await self._wait(lambda moment: max(self.waits(moment - STEADY_S, moment), default=STEADY_S) < PROMPT_S)

    async def longest_wait(self, since: float) -> float:
        """The longest wait of the scans from just before ``since`` until all are decided promptly again."""
        await asyncio.sleep(OBSERVE_S)
        await self._wait(lambda moment: not self.has_undecided(since - 1))
        await self.wait_until_steady()
        return max(self.waits(since - EVERY_S, time.monotonic() - PROMPT_S))

    async def _wait(self, holds: Callable[[float], bool]) -> None:
        """Waits until the condition holds for the time ``PROMPT_S`` ago, for which it can be decided now."""
        end = time.monotonic() + TIMEOUT_S
        while not holds(time.monotonic() - PROMPT_S):
            if time.monotonic() > end:
                raise NotMeasured(f"scans were not decided for {TIMEOUT_S:g} s")
            await asyncio.sleep(EVERY_S)


class Workers:
    """The running workers by name; a worker that ended is started again under its name, with its store."""

    def __init__(self, environment: BenchEnvironment, bootstrap: str, stack: ExitStack) -> None:
        self._environment = environment
        self._bootstrap = bootstrap
        self._stack = stack
        self._data = environment.new_folder("data")
        self.running: dict[str, Process] = {}

    async def start(self, name: str) -> None:
        """Starts a worker; returns when it serves its share of the partitions."""
        worker = self._stack.enter_context(start_context_worker(self._environment, self._bootstrap, self._data, name))
        self.running[name] = worker
        share = PARTITIONS if len(self.running) == 1 else PARTITIONS // 2
        await asyncio.to_thread(wait_until_open, worker, share)


async def _measure(environment: BenchEnvironment, bootstrap: str) -> list[Figure]:
    waits: dict[str, list[float]] = defaultdict(list)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=0)
    await producer.start()
    try:
        async with kafka_client.open_consumer(bootstrap) as consumer:
            consumer.assign([TopicPartition(SCAN_ROUTED.name, number) for number in range(PARTITIONS)])
            load = ScanLoad(producer, consumer)
            tasks = [asyncio.ensure_future(load.send()), asyncio.ensure_future(load.receive())]
            try:
                with ExitStack() as stack:
                    await _rounds(environment, Workers(environment, bootstrap, stack), load, waits)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await producer.stop()
    return [
        Figure("a killed worker's partitions served again", "s", waits["killed"], at_most=3),
        Figure("partitions of a worker that is stopped served again", "s", waits["stopped"], at_most=2.5),
        Figure("  longest wait when a second worker joins", "s", waits["joined"]),
    ]


async def _rounds(
    environment: BenchEnvironment, workers: Workers, load: ScanLoad, waits: dict[str, list[float]]
) -> None:
    await workers.start("one")
    await workers.start("two")
    await load.wait_until_steady()
    for number in range(2 * environment.rounds):
        name = ("one", "two")[number % 2]
        for how, end in (("killed", Process.kill), ("stopped", Process.stop)):
            environment.progress(f"round {number + 1} of {2 * environment.rounds}: a worker is {how}")
            began = time.monotonic()
            worker = workers.running.pop(name)
            await asyncio.to_thread(end, worker)
            waits[how].append(await load.longest_wait(began))
            began = time.monotonic()
            await workers.start(name)
            waits["joined"].append(await load.longest_wait(began))
