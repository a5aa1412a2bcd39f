"""A partition's life in memory: the real Partition, Changelog, Outbox and Desk on a broker that loses nothing, while
the process around them dies at any point of its way, wakes up as a zombie, loses its disk, sees records twice or too
early.

Everything follows from the seed.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from processors.shell import partition as shell
from processors.shell.changelog import WATERMARK, Changelog
from processors.shell.kept import Active, KeptCodec
from processors.shell.partition import Partition
from processors.shell.settings import WorkerSettings
from processors.shell.store import Store
from processors.step import Processor
from processors.world import World
from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import BY_NAME
from tests.processors.broker_twin import Broker, Crash, Fate, Fenced, FragileStore, Producer, Rec

SETTINGS = WorkerSettings(kafka="", data=Path(), partitions=1, commit_interval_ms=0)
CODEC = Codec()
FAR = 10**9
PATIENCE = 4000
"""Turns of the event loop after which a run that gets nowhere is given up."""


def restore(broker: Broker, store: Store) -> int:
    """Brings the store to the end of the changelog."""
    new = broker.rows[store.position :]
    if new:
        store.write(new, len(broker.rows))
    return len(new)


class Life:
    """One run of the process that owns the partition."""

    def __init__(
        self,
        name: str,
        processor: Processor[Any],
        world: World,
        broker: Broker,
        store: FragileStore,
        fate: Fate,
        chance: random.Random,
        build: type[Partition],
    ) -> None:
        broker.epoch += 1
        self.broker, self.fate, self.chance = broker, fate, chance
        self.plain = Producer(broker, fate)
        self.transactional = Producer(broker, fate, broker.epoch)
        store.fate = fate
        self.fetched = dict(broker.offsets)
        self.starts: set[tuple[str, int]] = set()
        self.partition = build(
            replace(SETTINGS, kafka=name),
            processor,
            0,
            "group",
            store,
            CODEC,
            self.plain,
            lambda: world,
            self._rewind,  # type: ignore[arg-type]
        )

    def start(self) -> None:
        self.task = asyncio.ensure_future(self.partition.run())
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _rewind(self, topic: str, number: int, offset: int) -> None:
        self.fetched[topic] = offset

    async def feed(self) -> None:
        """Hands over runs of records until everything is committed or this life is over; sometimes some come again, and
        sometimes a run that was fetched before a seek comes too early."""
        for _ in range(PATIENCE):
            await asyncio.sleep(0)
            if self.task.done() or self.fate.stopped.is_set():
                return
            if not self.partition.opened.is_set():
                continue
            if self.broker.is_done():
                return
            topic = self.chance.choice([t for t, log in self.broker.sources.items() if log] or [""])
            at, log = self.fetched.get(topic, 0), self.broker.sources.get(topic, [])
            if self.chance.random() < 0.1:
                at = self.chance.randint(0, self.broker.offsets.get(topic, 0))
            elif self.chance.random() < 0.05 and self.broker.offsets.get(topic):
                early = at + self.chance.randint(1, 3)
                at = at if (topic, early) in self.starts else early
            run = log[at : at + self.chance.randint(1, 6)]
            if run:
                self.starts.add((topic, at))
                self.fetched[topic] = run[-1].offset + 1
                await _until(self.partition.deliver(topic, run), self)
        raise AssertionError(f"stuck: {self.broker.offsets}")

    async def end(self) -> None:
        """Leaves in order when it still can; what was sent and not acknowledged arrives or does not."""
        if not self.task.done() and not self.fate.stopped.is_set():
            self.partition.close()
            for _ in range(PATIENCE):
                if self.task.done():
                    break
                await asyncio.sleep(0)
        if self.task.done():
            if (error := self.task.exception()) is not None and (bugs := _bugs(error)):
                raise bugs[0]
            self.plain.deliver(self.chance.randint(self.plain.delivered, len(self.plain.sent)))


async def _until(handing_over: Any, life: Life) -> None:
    task = asyncio.ensure_future(handing_over)
    stopped = asyncio.ensure_future(life.fate.stopped.wait())
    await asyncio.wait({task, life.task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    stopped.cancel()


def _bugs(error: BaseException) -> list[BaseException]:
    """What is in an error beside the end that fate had in mind."""
    if isinstance(error, BaseExceptionGroup):
        return [bug for inner in error.exceptions for bug in _bugs(inner)]
    return [] if isinstance(error, Crash | Fenced) else [error]


@dataclass(frozen=True)
class Outcome:
    """``effects`` has every content with which an event id was published; ``states`` the changelog's last word on
    each key without the windows of ids; ``disk`` and ``changelog`` all rows as the last process and the broker have
    them."""

    effects: dict[str, set[bytes]]
    events: dict[str, Event]
    states: dict[bytes, Any]
    disk: dict[bytes, bytes]
    changelog: dict[bytes, bytes]


@dataclass(frozen=True)
class Plan:
    """``lives`` that end badly before the last, calm one; the rest are seams at which a test plants a bug."""

    lives: int = 6
    build: type[Partition] = Partition
    restore: Callable[[Broker, Store], int] = restore
    fenced: bool = True


CALM = Plan(lives=0)
WILD = Plan()


def run(processor: Processor[Any], world: World, events: Sequence[Event], seed: int, plan: Plan) -> Outcome:
    """Plays the events through one partition whose process dies ``plan.lives`` times."""
    broker = Broker({topic.name: [] for topic in processor.sources}, fenced=plan.fenced)
    for event in events:
        topic, key, value, _ = CODEC.record(event)
        broker.sources[topic.name].append(Rec(len(broker.sources[topic.name]), key, value))
    lives: dict[str, Life] = {}

    async def open_changelog(name: str, processor: str, partition: int, group: str, timeout_ms: int) -> Changelog:
        return Changelog(processor, partition, group, lives[name].transactional)  # type: ignore[arg-type]

    async def read_back(name: str, processor: str, partition: int, store: Store) -> int:
        return plan.restore(broker, store)

    with patch.object(shell, "open_changelog", open_changelog), patch.object(shell, "restore", read_back):
        disk = asyncio.run(_live(processor, world, broker, random.Random(seed), plan, lives))
    codec = KeptCodec(processor.state)
    effects: dict[str, set[bytes]] = defaultdict(set)
    decoded: dict[str, Event] = {}
    for topic, _, value in broker.published:
        event = CODEC.of(BY_NAME[topic]).decode(value)
        effects[event.event_id].add(value)
        decoded[event.event_id] = event
    changelog = dict(broker.rows)
    kept = {key: codec.decode(raw) for key, raw in changelog.items() if not key.startswith(WATERMARK)}
    states = {key: one.state if isinstance(one, Active) else one for key, one in kept.items()}
    return Outcome(dict(effects), decoded, states, disk, changelog)


async def _live(
    processor: Processor[Any], world: World, broker: Broker, chance: random.Random, plan: Plan, lives: dict[str, Life]
) -> dict[bytes, bytes]:
    zombies: list[Life] = []
    store = FragileStore()
    number = 0
    while number <= plan.lives or not broker.is_done():
        assert number <= plan.lives + 2, f"not finished: {broker.offsets}"
        calm = number >= plan.lives
        if not calm and chance.random() < 0.3:
            store = FragileStore()  # another machine, or an emptied folder
        fate = Fate(FAR if calm else chance.randint(1, 40), zombie=chance.random() < 0.3, dead=chance.random() < 0.5)
        life = lives[f"life {number}"] = Life(
            f"life {number}", processor, world, broker, store, fate, chance, plan.build
        )
        life.start()
        await life.feed()
        await life.end()
        if fate.stopped.is_set():
            zombies.append(life)
            store = FragileStore()  # the next owner is another process with a disk of its own
        for zombie in zombies:
            if calm or chance.random() < 0.5:
                zombie.fate.woken.set()
        if calm:  # what zombies still had to say is read by one more life
            for zombie in zombies:
                zombie.fate.stopped.clear()
                await zombie.end()
            zombies = []
        number += 1
    return store.rows()
