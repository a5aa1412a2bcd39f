"""How long scans of some partition wait when one of two workers of context is killed, is stopped, or comes back.

Every 50 ms a scan goes to each partition, all the time. The figure is the longest that one of them waited for its
answer: a scan that comes at the moment a worker dies waits until its partition is served again.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas.ids import partition_of, person_of
from schemas.topics import PARTITIONS, SCAN_ROUTED, TOUCHPOINT_IDENTIFIED
from tests.bench import people, stream
from tests.bench.figures import Figure
from tests.bench.ground import Ground, NotMeasured, Process
from tests.bench.workers import context, opened

EVERY_S = 0.05
CALM_S = 2.0
"""So long every scan has to be answered soon before the next fault."""
SOON_S = 0.5
AFTER_S = 3.0
"""How long to go on looking after the first answer of every partition."""
PATIENCE_S = 60.0


def measure(ground: Ground) -> list[Figure]:
    with ground.kafka() as kafka:
        return asyncio.run(_measure(ground, kafka.bootstrap))


@dataclass
class Pulse:
    """Scans of every partition without end, and how long each waited."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    sent: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)

    async def send(self) -> None:
        brand = people.demo_brand()
        tags = list(brand.tags.values())
        by_partition = [
            next(n for n in range(1000) if partition_of(person_of(people.anchor(n)), PARTITIONS) == partition)
            for partition in range(PARTITIONS)
        ]
        number = 0
        while True:
            for person in by_partition:
                number += 1
                event = people.scan(number, person, tags[number % len(tags)], brand.about.id)
                partition, (key, value, headers) = people.row(event)
                self.sent[event.event_id] = time.monotonic()
                await self.producer.send(
                    TOUCHPOINT_IDENTIFIED.name, value, key=key, partition=partition, headers=headers
                )
            await asyncio.sleep(EVERY_S)

    async def listen(self) -> None:
        codec = people.CODEC.of(SCAN_ROUTED)
        while True:
            for records in (await self.consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    self.answered.setdefault(codec.decode(record.value).scan_event_id, time.monotonic())

    def waits(self, since: float, until: float) -> list[float]:
        """How long the scans of a time waited; those that still wait have waited until now."""
        now = time.monotonic()
        return [self.answered.get(one, now) - at for one, at in self.sent.items() if since <= at < until]

    def open_since(self, since: float) -> bool:
        """Whether scans from then on still wait for an answer, apart from the newest."""
        until = time.monotonic() - SOON_S
        return any(one not in self.answered for one, at in self.sent.items() if since <= at < until)

    async def calm(self) -> None:
        """Until every scan has been answered soon for a while."""
        await self._wait(lambda moment: max(self.waits(moment - CALM_S, moment), default=CALM_S) < SOON_S)

    async def longest(self, since: float) -> float:
        """The longest wait of scans from just before ``since`` until all is calm again."""
        await asyncio.sleep(AFTER_S)
        await self._wait(lambda moment: not self.open_since(since - 1))
        await self.calm()
        return max(self.waits(since - EVERY_S, time.monotonic() - SOON_S))

    async def _wait(self, holds: Callable[[float], bool]) -> None:
        """Until it holds at a moment that lies long enough back to judge it."""
        end = time.monotonic() + PATIENCE_S
        while not holds(time.monotonic() - SOON_S):
            if time.monotonic() > end:
                raise NotMeasured(f"scans were not answered for {PATIENCE_S:g} s")
            await asyncio.sleep(EVERY_S)


class Workers:
    """The workers that run, by name; one that ended starts again under its name, with its store."""

    def __init__(self, ground: Ground, bootstrap: str, stack: ExitStack) -> None:
        self._ground = ground
        self._bootstrap = bootstrap
        self._stack = stack
        self._data = ground.new_folder("data")
        self.running: dict[str, Process] = {}

    async def start(self, name: str) -> None:
        """Returns when it serves its share of the partitions."""
        worker = self._stack.enter_context(context(self._ground, self._bootstrap, self._data, name))
        self.running[name] = worker
        share = PARTITIONS if len(self.running) == 1 else PARTITIONS // 2
        await asyncio.to_thread(opened, worker, share)


async def _measure(ground: Ground, bootstrap: str) -> list[Figure]:
    found: dict[str, list[float]] = defaultdict(list)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=0)
    await producer.start()
    try:
        async with stream.reader(bootstrap) as consumer:
            consumer.assign([TopicPartition(SCAN_ROUTED.name, number) for number in range(PARTITIONS)])
            pulse = Pulse(producer, consumer)
            beating = [asyncio.ensure_future(pulse.send()), asyncio.ensure_future(pulse.listen())]
            try:
                with ExitStack() as stack:
                    await _rounds(ground, Workers(ground, bootstrap, stack), pulse, found)
            finally:
                for task in beating:
                    task.cancel()
                await asyncio.gather(*beating, return_exceptions=True)
    finally:
        await producer.stop()
    return [
        Figure("a killed worker's partitions served again", "s", found["killed"], at_most=3),
        Figure("partitions of a worker that is stopped served again", "s", found["stopped"], at_most=2.5),
        Figure("  longest wait when a second worker comes", "s", found["joined"]),
    ]


async def _rounds(ground: Ground, workers: Workers, pulse: Pulse, found: dict[str, list[float]]) -> None:
    await workers.start("one")
    await workers.start("two")
    await pulse.calm()
    for number in range(2 * ground.rounds):
        name = ("one", "two")[number % 2]
        for how, end in (("killed", Process.kill), ("stopped", Process.stop)):
            ground.say(f"round {number + 1} of {2 * ground.rounds}: a worker is {how}")
            began = time.monotonic()
            worker = workers.running.pop(name)
            await asyncio.to_thread(end, worker)
            found[how].append(await pulse.longest(began))
            began = time.monotonic()
            await workers.start(name)
            found["joined"].append(await pulse.longest(began))
