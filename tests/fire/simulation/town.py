"""A processor's partitions in memory: the real Partition, Changelog, Outbox and Desk on a broker that loses nothing,
while the processes around them die at any point of their way, wake up as zombies, work on beside their successors, lose
their disks, see records twice or too early.
"""

import asyncio
from collections import defaultdict
from typing import Any

from processors.step import Processor
from processors.world import World
from schemas.ids import partition_of
from schemas.topics import BY_NAME
from tests.fire.simulation.adapter import CODEC, Office, states_of
from tests.fire.simulation.broker_twin import Broker, Fate, FragileStore, Home, Rec
from tests.fire.simulation.case import Case, Doom, Outcome
from tests.fire.simulation.chance import Chance, Seeded
from tests.fire.simulation.clock import Stuck, play
from tests.fire.simulation.life import Life

FAR = 10**9
PATIENCE = 3000
"""Turns after which a life that gets nowhere is given up."""
IDLE_S = 0.001


def run(processor: Processor[Any], world: World, case: Case, chance: Chance | None = None) -> Outcome:
    """Plays the case to its end: everything committed, and nobody left who could still say something."""
    town = Town(processor, world, case, chance or Seeded(case.seed))
    with town.office.open():
        play(town.live(), case.seed, town.chance.wall_clock())
    return town.outcome()


class Town:
    def __init__(self, processor: Processor[Any], world: World, case: Case, chance: Chance) -> None:
        self._processor, self._world, self._case, self.chance = processor, world, case, chance
        self._broker = Broker(
            {topic.name: [[] for _ in range(case.partitions)] for topic in processor.sources},
            [Home() for _ in range(case.partitions)],
        )
        for event in case.history:
            topic, key, value, _ = CODEC.record(event)
            log = self._broker.sources[topic.name][partition_of(key.decode(), case.partitions)]
            log.append(Rec(len(log), key, value))
        self._lives: dict[str, Life] = {}
        self.office = Office(self._lives)  # type: ignore[arg-type]
        self._quiet: set[int] = set()
        self._disks = [FragileStore() for _ in range(case.partitions)]

    async def live(self) -> None:
        async with asyncio.TaskGroup() as partitions:
            for number in range(self._case.partitions):
                partitions.create_task(self._own(number))

    async def _own(self, number: int) -> None:
        """The lives of one partition's owners, one after the other; some of them go on beside their successors."""
        former: list[Life] = []
        for doom in (*(doom for doom in self._case.dooms if doom.partition == number), None):
            life = self._next_owner(number, doom)
            if doom is None:
                await self._calm(life, former)
                return
            await self._until_over(life, former)
            if life.task.done():
                life.bury()
            else:
                former.append(life)
            if doom.empty_disk or not life.task.done():
                self._disks[number] = FragileStore()

    def _next_owner(self, number: int, doom: Doom | None) -> Life:
        fate = Fate(FAR, "dies") if doom is None else Fate(doom.step, doom.kind)
        name = f"life {len(self._lives)}"
        life = Life(name, self._processor, self._world, self._broker, number, self._disks[number], fate, self.chance)
        self._lives[name] = life
        life.start()
        return life

    async def _until_over(self, life: Life, former: list[Life]) -> None:
        """Until the life has ended or somebody else has to take over; it leaves in order when there is nothing to
        do."""
        for _ in range(PATIENCE):
            if life.is_over:
                return
            self._visit(former)
            if self._broker.is_done(life.number):
                life.close()
            await asyncio.sleep(0 if life.feed() else IDLE_S)
        raise Stuck(f"partition {life.number}: {life.home.offsets}")

    async def _calm(self, life: Life, former: list[Life]) -> None:
        """Until nothing is left to do and nobody is left who could say something; then it leaves in order."""
        for _ in range(PATIENCE):
            if life.task.done():
                life.bury()
                raise AssertionError(f"the last owner of partition {life.number} left")
            self._visit(former)
            if self._broker.is_done(life.number):
                for one in former:
                    one.close()
            if not former and life.partition.opened.is_set():
                self._quiet.add(life.number)
            if len(self._quiet) == self._case.partitions and all(map(self._broker.is_done, self._quiet)):
                life.close()
                await asyncio.wait({life.task})
                life.bury()
                return
            await asyncio.sleep(0 if life.feed() else IDLE_S)
        raise Stuck(f"partition {life.number}: {life.home.offsets}")

    def _visit(self, former: list[Life]) -> None:
        """Somebody who was robbed of the partition goes on, until the broker refuses or there is nothing to do."""
        for life in tuple(former):
            if life.task.done():
                life.bury()
                former.remove(life)
            elif life.is_asleep:
                if self.chance.wakes():
                    life.fate.woken.set()
            elif self.chance.feeds_former():
                life.feed()

    def outcome(self) -> Outcome:
        effects: dict[str, set[bytes]] = defaultdict(set)
        events = {}
        for topic, _, _, value in self._broker.published:
            event = CODEC.of(BY_NAME[topic]).decode(value)
            effects[event.event_id].add(value)
            events[event.event_id] = event
        changelogs = [dict(home.rows) for home in self._broker.homes]
        states = [states_of(self._processor, rows) for rows in changelogs]
        return Outcome(
            tuple(self._broker.published),
            dict(effects),
            events,
            {key: state for partition in states for key, state in partition.items()},
            [dict(disk.rows()) for disk in self._disks],
            changelogs,
            [life.fate.taken for life in self._lives.values() if life.number == 0][-1],
        )
